import Foundation

/// A symmetric positive definite matrix A as L · Lᵀ.
package struct Cholesky: Sendable {
  /// L: [n, n], 0 above the diagonal.
  package let lower: Matrix

  /// Nil if the matrix is not positive definite in double precision: if of a diagonal element no
  /// more is left than n roundings of it, as where two rows are equal, or a number that is needed
  /// is NaN.
  ///
  /// - Parameter matrix: [n, n], of which only what is on and below the diagonal is read.
  package init?(_ matrix: Matrix) {
    let n = matrix.rows
    checkPrecondition(
      matrix.columns == n, "Cholesky: \(n) × \(matrix.columns) is not square")
    var lower = Matrix(zeros: n, n)
    for i in 0..<n {
      for j in 0...i {
        let rest =
          matrix[i, j]
          - dot(lower.elements, from: i * n, lower.elements, from: j * n, count: j)
        if i > j {
          lower[i, j] = rest / lower[j, j]
        } else {
          guard rest > Double(n) * .ulpOfOne * matrix[i, i] else { return nil }
          lower[i, i] = rest.squareRoot()
        }
      }
    }
    self.lower = lower
  }

  /// The natural logarithm of the determinant of A.
  package var logDeterminant: Double {
    2 * (0..<lower.rows).reduce(0) { $0 + log(lower[$1, $1]) }
  }

  /// The x of A · x = b: [n].
  package func solve(_ b: [Double]) -> [Double] {
    let n = lower.rows
    checkPrecondition(b.count == n, "Cholesky.solve: \(b.count) numbers for \(n) × \(n)")
    var x = b
    for i in 0..<n {
      x[i] = (x[i] - dot(lower.elements, from: i * n, x, from: 0, count: i)) / lower[i, i]
    }
    for i in (0..<n).reversed() {
      x[i] /= lower[i, i]
      add(-x[i], times: lower.elements, from: i * n, to: &x, from: 0, count: i)
    }
    return x
  }
}
