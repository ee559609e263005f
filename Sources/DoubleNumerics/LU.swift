import Foundation

/// A square matrix A, its rows in another order, as L · U: elimination with the largest pivot of
/// each column.
package struct LU: Sendable {
  private let factors: Matrix  // U, and below the diagonal L, whose own diagonal is 1
  private let order: [Int]  // which row of A each row of the factors is
  private let permutationSign: Double
  private let hasNaN: Bool  // which elimination may leave beside a pivot of 0

  /// - Parameter matrix: [n, n], singular or not.
  package init(_ matrix: Matrix) {
    let n = matrix.rows
    checkPrecondition(matrix.columns == n, "LU: \(n) × \(matrix.columns) is not square")
    var (factors, order, sign) = (matrix, Array(0..<n), 1.0)
    for k in 0..<n {
      var pivot = k
      for i in k..<n where abs(factors[i, k]) > abs(factors[pivot, k]) { pivot = i }
      if pivot != k {
        factors.swapRows(k, pivot)
        order.swapAt(k, pivot)
        sign = -sign
      }
      guard factors[k, k] != 0 else { continue }
      let pivotRow = factors.row(k)
      for i in k + 1..<n {
        factors[i, k] /= pivotRow[k]
        factors.addToRow(i, from: k + 1, -factors[i, k], times: pivotRow, startingAt: k + 1)
      }
    }
    (self.factors, self.order, permutationSign) = (factors, order, sign)
    hasNaN = factors.elements.contains(where: \.isNaN)
  }

  private var pivots: [Double] { (0..<factors.rows).map { factors[$0, $0] } }

  /// Whether a pivot is exactly 0. A matrix that is singular but for rounding seldom is.
  package var isSingular: Bool { pivots.contains(0) }

  /// The determinant of A, which may overflow to ±∞ or underflow to 0; NaN if a number of A is.
  package var determinant: Double { hasNaN ? .nan : pivots.reduce(permutationSign, *) }

  /// The sign of the determinant, 1, −1 or 0, and the natural logarithm of its magnitude, −∞ for 0;
  /// NaN both if a number of A is. NumPy's `slogdet`.
  package var logDeterminant: (sign: Double, logarithm: Double) {
    let pivots = pivots
    if hasNaN { return (.nan, .nan) }
    if pivots.contains(0) { return (0, -.infinity) }
    return pivots.reduce((permutationSign, 0)) {
      ($1 < 0 ? -$0.0 : $0.0, $0.1 + log(abs($1)))
    }
  }

  /// The x of A · x = b: [n]; nil if A is singular.
  package func solve(_ b: [Double]) -> [Double]? {
    let n = factors.rows
    checkPrecondition(b.count == n, "LU.solve: \(b.count) numbers for \(n) × \(n)")
    guard !isSingular else { return nil }
    var x = order.map { b[$0] }
    for i in 0..<n { x[i] -= dot(factors.elements, from: i * n, x, from: 0, count: i) }
    for i in (0..<n).reversed() {
      let known = dot(
        factors.elements, from: i * n + i + 1, x, from: i + 1, count: n - i - 1)
      x[i] = (x[i] - known) / factors[i, i]
    }
    return x
  }
}
