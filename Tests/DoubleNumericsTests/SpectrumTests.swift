import DoubleNumerics
import Foundation
import Testing

@Suite struct SpectrumTests {
  @Test func eigenvaluesFollowNumPy() throws {
    let fixture = try Fixture()
    for (name, reference) in fixture.symmetric {
      let found = try #require(reference.a.matrix.symmetricEigenvalues())
      #expect(error(found, reference.eigenvalues) < 1e-14, "\(name)")
    }
    for (name, reference) in fixture.positive {
      let found = try #require(reference.a.matrix.symmetricEigenvalues())
      #expect(error(found, try #require(reference.eigenvalues)) < 1e-14, "\(name)")
    }
  }

  /// Of a chain of n links, 2 on the diagonal and −1 beside it: 4 sin²(kπ / 2(n + 1)).
  @Test func eigenvaluesOfAChain() throws {
    let n = 30
    var chain = 2 * Matrix(identity: n)
    for i in 1..<n { chain[i, i - 1] = -1 }  // the lower triangle is enough
    let expected = (1...n).map { 4 * pow(sin(Double($0) * .pi / Double(2 * (n + 1))), 2) }
    #expect(error(try #require(chain.symmetricEigenvalues()), expected) < 1e-14)
  }

  /// Of the same chain they are the eigenvalues; columns of zeros beside it change nothing.
  @Test func singularValuesOfAChain() throws {
    let n = 12
    var (wide, tall) = (Matrix(zeros: n, n + 5), Matrix(zeros: n + 5, n))
    for i in 0..<n {
      for j in max(0, i - 1)...min(n - 1, i + 1) {
        wide[i, j] = i == j ? 2 : -1
        tall[i, j] = -1e200 * wide[i, j]
      }
    }
    let expected = (1...n).map { 4 * pow(sin(Double($0) * .pi / Double(2 * (n + 1))), 2) }
    let found = try #require(wide.singularValues())
    #expect(error(found, expected.reversed()) < 1e-13)
    #expect(error(try #require(tall.singularValues()).map { $0 / 1e200 }, found) < 1e-13)
    #expect(Matrix(zeros: 2, 3).singularValues() == [0, 0])
    #expect(Matrix(1, 2, [.infinity, 1]).singularValues() == nil)
  }

  @Test(arguments: [1000, -1000]) func eigenvaluesAtTheEdges(exponent: Int) throws {
    let scale = Double(sign: .plus, exponent: exponent, significand: 1)
    let found = try #require((scale * Matrix(2, 2, [2, 1, 1, 2])).symmetricEigenvalues())
    #expect(error(found.map { $0 / scale }, [1, 3]) < 1e-15)
  }

  @Test func eigenvaluesOfLittle() throws {
    #expect(Matrix(1, 1, [-7]).symmetricEigenvalues() == [-7])
    #expect(Matrix(zeros: 0, 0).symmetricEigenvalues() == [])
    #expect(Matrix(zeros: 3, 3).symmetricEigenvalues() == [0, 0, 0])
    #expect(Matrix(2, 2, [1, 0, .nan, 1]).symmetricEigenvalues() == nil)
  }

  @Test func spectralNormsFollowNumPy() throws {
    for (index, reference) in try Fixture().singular.enumerated() {
      var generator = Congruence(UInt64(index))
      let found = PowerIteration(of: reference.a.matrix, using: &generator)
      #expect(found.isConverged && error(found.value, reference.largest) < 1e-11, "\(index)")
    }
  }

  /// Singular values 1 and 0.999: the value comes near from below, and a limit of steps is told.
  @Test func closeSingularValues() {
    let a = Matrix(3, 3, [1, 0, 0, 0, 0.999, 0, 0, 0, 0.1])
    var generator = Congruence(3)
    let found = PowerIteration(of: a, using: &generator)
    #expect(found.isConverged && found.value < 1 + 1e-15 && found.value > 1 - 1e-8)
    let short = PowerIteration(of: a, maxSteps: 3, using: &generator)
    #expect(!short.isConverged && short.value > 0.1 && short.value < 1)
  }

  @Test func nothingToFind() {
    var generator = Congruence(4)
    #expect(PowerIteration(of: Matrix(zeros: 3, 2), using: &generator).value == 0)
    let broken = PowerIteration(of: Matrix(2, 2, [1, .nan, 0, 1]), using: &generator)
    #expect(broken.value.isNaN && !broken.isConverged)
  }
}
