import DoubleNumerics
import Foundation
import Testing

@Suite struct FactorizationTests {
  private let fixture: Fixture

  init() throws { fixture = try Fixture() }

  @Test(arguments: ["gram", "one", "hilbert"])
  func choleskyOfPositiveMatrices(_ name: String) throws {
    let reference = try #require(fixture.positive[name])
    let a = reference.a.matrix
    let cholesky = try #require(Cholesky(a))
    #expect(error((cholesky.lower.gram).elements, a.elements) < 1e-15)
    // The Hilbert matrix multiplies roundings by its condition, 1.5e7.
    #expect(
      error(cholesky.logDeterminant, reference.logarithm) < (name == "hilbert" ? 1e-10 : 1e-14))
    #expect(error(cholesky.solve(reference.b), reference.x) < (name == "hilbert" ? 1e-9 : 1e-13))
    #expect(cholesky.lower[0, 0] > 0)
  }

  @Test func choleskyReadsTheLowerTriangle() throws {
    let a = Matrix(2, 2, [4, .nan, 2, 5])
    #expect(try #require(Cholesky(a)).lower == Matrix(2, 2, [2, 0, 1, 2]))
  }

  @Test(arguments: [
    [1, 2, 2, 1], [-1, 0, 0, 1], [0, 0, 0, 0], [1, 1, 1, 1], [.nan, 0, 0, 1], [1, 0, .nan, 1],
    [.infinity, 0, 0, 1],
  ])
  func notPositiveDefinite(_ elements: [Double]) {
    #expect(Cholesky(Matrix(2, 2, elements)) == nil)
  }

  /// Codes of 0 and 1, two of which are equal, as naswot.md has them: whatever the roundings of the
  /// square roots are, the last pivot is nothing but rounding. Without it there is a determinant.
  @Test(arguments: 1...40)
  func equalRows(_ seed: UInt64) {
    var codes = Matrix(random: 24, 60, seed: seed)
    for i in 0..<24 {
      for j in 0..<60 { codes[i, j] = codes[i, j] > 0 ? 1 : -1 }
    }
    #expect(Cholesky(codes.gram) != nil)
    for j in 0..<60 { codes[19, j] = codes[4, j] }
    #expect(Cholesky(codes.gram) == nil)
  }

  @Test func kernelOfThreeCodes() throws {
    let kernel = Matrix(3, 3, [4, 2, 0, 2, 4, 2, 0, 2, 4])
    #expect(error(try #require(Cholesky(kernel)).logDeterminant, log(32)) < 1e-15)
    #expect(error(LU(kernel).determinant, 32) < 1e-15)
  }

  @Test(arguments: ["general", "pivoting", "one"])
  func luOfSquareMatrices(_ name: String) throws {
    let reference = try #require(fixture.square[name])
    let lu = LU(reference.a.matrix)
    #expect(lu.logDeterminant.sign == reference.sign)
    #expect(error(lu.logDeterminant.logarithm, reference.logarithm) < 1e-14)
    #expect(error(lu.determinant, reference.sign * exp(reference.logarithm)) < 1e-14)
    #expect(error(try #require(lu.solve(reference.b)), reference.x) < 1e-13)
  }

  @Test(arguments: ["gram", "one", "hilbert"])
  func luAgreesOnPositiveMatrices(_ name: String) throws {
    let reference = try #require(fixture.positive[name])
    let lu = LU(reference.a.matrix)
    #expect(lu.logDeterminant.sign == 1)
    #expect(error(lu.logDeterminant.logarithm, reference.logarithm) < 1e-10)
    #expect(error(try #require(lu.solve(reference.b)), reference.x) < 1e-9)
  }

  @Test func luOfSingularMatrices() {
    for elements in [[1.0, 2, 2, 4], [0, 0, 0, 0], [0, 1, 0, 1]] {
      let lu = LU(Matrix(2, 2, elements))
      #expect(lu.isSingular && lu.determinant == 0 && lu.solve([1, 1]) == nil)
      #expect(lu.logDeterminant.sign == 0 && lu.logDeterminant.logarithm == -.infinity)
    }
  }

  @Test(arguments: [[.nan, 1, 1, 0], [0, 0, 0, .nan], [0, 1, .nan, 1]])
  func luOfNaN(_ elements: [Double]) {
    let (sign, logarithm) = LU(Matrix(2, 2, elements)).logDeterminant
    #expect(sign.isNaN && logarithm.isNaN)
  }

  /// Every exchange of two rows changes the sign; the logarithm reaches where the product does not.
  @Test func signsAndSizes() {
    let swap = LU(Matrix(3, 3, [0, 1, 0, 1, 0, 0, 0, 0, 1]))
    let cycle = LU(Matrix(3, 3, [0, 1, 0, 0, 0, 1, 1, 0, 0]))
    #expect(swap.determinant == -1 && cycle.determinant == 1)
    #expect(swap.logDeterminant == (-1, 0) && cycle.logDeterminant == (1, 0))
    let tiny = LU(1e-200 * Matrix(identity: 4))
    #expect(tiny.determinant == 0)
    #expect(error(tiny.logDeterminant.logarithm, -800 * log(10)) < 1e-14)
  }
}
