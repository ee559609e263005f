import DoubleNumerics
import Testing

@Suite struct LeastSquaresTests {
  @Test(arguments: ["tall", "wide", "square", "low", "lowWide", "one", "zeroColumn"])
  func followsSciPy(_ name: String) throws {
    let reference = try #require(try Fixture().leastSquares[name])
    let squares = try #require(LeastSquares(reference.a.matrix))
    #expect(squares.rank == reference.rank)
    #expect(error(squares.solve(reference.b), reference.x) < 1e-13)
  }

  /// The residual is orthogonal to the columns, and the solution to the null space: it is AᵀA's,
  /// and a combination of rows, Aᵀ · z.
  @Test(arguments: [(40, 12, 12), (12, 40, 12), (30, 20, 7), (20, 30, 7), (25, 25, 24)])
  func shortestSolution(rows: Int, columns: Int, rank: Int) throws {
    for seed in 1...10 as ClosedRange<UInt64> {
      let a =
        Matrix(random: rows, rank, seed: seed) * Matrix(random: rank, columns, seed: seed + 100)
      let squares = try #require(LeastSquares(a))
      #expect(squares.rank == rank)
      let b = Matrix(random: rows, 1, seed: seed + 200)
      let x = squares.solve(b)
      let normal = a.transposed * (a * x - b)
      #expect(normal.squaredNorm.squareRoot() < 1e-11)
      let rowSpace = try #require(LeastSquares(a.transposed))
      let inRows = a.transposed * rowSpace.solve(x)
      #expect(error(inRows.elements, x.elements) < 1e-10)
    }
  }

  /// Several right sides are solved as each of them alone.
  @Test func columns() throws {
    let squares = try #require(LeastSquares(Matrix(random: 6, 4)))
    let b = Matrix(random: 6, 3, seed: 5)
    let x = squares.solve(b)
    #expect(x.rows == 4 && x.columns == 3)
    for j in 0..<3 { #expect(x.transposed.row(j) == squares.solve(b.transposed.row(j))) }
  }

  /// Hilbert's matrix of 8 rows has the condition 1.5e10, and full rank; of 14 it has not in double
  /// precision.
  @Test func illConditioned() throws {
    let a = Matrix(hilbert: 8)
    let ones = Array(repeating: 1.0, count: 8)
    let squares = try #require(LeastSquares(a))
    #expect(squares.rank == 8)
    #expect(error(squares.solve(a * ones), ones) < 1e-5)
    #expect(try #require(LeastSquares(Matrix(hilbert: 14))).rank < 14)
    #expect(try #require(LeastSquares(a, tolerance: 1e-3)).rank < 5)
  }

  /// The squares of these numbers overflow or vanish.
  @Test(arguments: [1e-300, 1e-200, 1e200, 1e300])
  func extremeSizes(_ size: Double) throws {
    let a = Matrix(3, 2, [3, 1, -2, 5, 1, 1])
    let expected = try #require(LeastSquares(a)).solve([1, 2, 3])
    let scaled = try #require(LeastSquares(size * a))
    #expect(scaled.rank == 2)
    #expect(error(scaled.solve([size, 2 * size, 3 * size]), expected) < 1e-14)
  }

  /// A column that starts with a negative number and has hardly more: a reflection to the near side
  /// would lose what it has.
  @Test func reflectionsDoNotCancel() throws {
    let squares = try #require(LeastSquares(Matrix(2, 2, [-1, 0, 1e-9, 0.5])))
    #expect(error(squares.solve([-1, 0.5 + 1e-9]), [1, 1]) < 1e-15)
  }

  @Test func nothingToSolve() throws {
    let zero = try #require(LeastSquares(Matrix(zeros: 3, 2)))
    #expect(zero.rank == 0 && zero.solve([1, 2, 3]) == [0, 0])
    let noRows = try #require(LeastSquares(Matrix(zeros: 0, 2)))
    #expect(noRows.rank == 0 && noRows.solve([]) == [0, 0])
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func notFinite(_ number: Double) {
    #expect(LeastSquares(Matrix(2, 2, [1, 2, number, 4])) == nil)
  }
}
