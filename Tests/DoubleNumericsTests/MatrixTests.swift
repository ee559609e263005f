import DoubleNumerics
import Testing

@Suite struct MatrixTests {
  private let a = Matrix(2, 3, [1, 2, 3, 4, 5, 6])

  @Test func products() {
    #expect(a * Matrix(3, 2, [1, 0, -1, 2, 3, 5]) == Matrix(2, 2, [8, 19, 17, 40]))
    #expect(a * [1, -1, 2] == [5, 11])
    #expect(Matrix(identity: 2) * a == a && a * Matrix(identity: 3) == a)
    #expect(2 * a - a == a && a + a == 2 * a)
  }

  @Test func gramIsTheProductWithTheTranspose() {
    #expect(a.transposed == Matrix(3, 2, [1, 4, 2, 5, 3, 6]))
    #expect(a.gram == Matrix(2, 2, [14, 32, 32, 77]))
    #expect(a.transposed.gram == a.transposed * a)
    let gram = Matrix(random: 9, 5).gram
    #expect(gram == gram.transposed)
  }

  @Test func sums() {
    #expect(a.squaredNorm == 91 && a.gram.trace == 91)
    #expect(a.row(1) == [4, 5, 6])
  }

  @Test func noNumbers() {
    let none = Matrix(zeros: 0, 3)
    #expect(none.gram == Matrix(zeros: 0, 0) && none.transposed.gram == Matrix(zeros: 3, 3))
    #expect(none * [1, 2, 3] == [] && none.transposed * [] == [0, 0, 0])
    #expect(Cholesky(none.gram)?.logDeterminant == 0 && LU(none.gram).determinant == 1)
  }

  @Test func notFinite() {
    #expect(a.isFinite && !(Double.infinity * a).isFinite)
    // 0 · ∞ is NaN also where the 0 is the left factor.
    #expect((Matrix(1, 1, [0]) * Matrix(1, 1, [.infinity]))[0, 0].isNaN)
  }
}
