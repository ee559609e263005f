extension Matrix {
  /// The eigenvalues of a symmetric matrix, the smallest first, as NumPy's `eigvalsh`; nil if a
  /// number is infinite or NaN. Only what is on and below the diagonal is read.
  ///
  /// By Jacobi's rotations, each of which makes one number beside the diagonal 0, until all are
  /// less than a rounding of the whole: each value is right to a few roundings of the largest one.
  package func symmetricEigenvalues() -> [Double]? {
    checkPrecondition(
      rows == columns, "Matrix.symmetricEigenvalues: \(rows) × \(columns) is not square")
    var a = self
    for i in 0..<rows {
      for j in 0..<i { a[j, i] = a[i, j] }
    }
    guard a.isFinite else { return nil }
    // By a power of two, so that squares neither overflow nor vanish.
    let largest = a.elements.reduce(0) { max($0, abs($1)) }
    let scale =
      largest > 0 ? Double(sign: .plus, exponent: largest.exponent, significand: 1) : 1
    a = Matrix(rows, columns, a.elements.map { $0 / scale })
    let negligible = .ulpOfOne / Double(max(rows, 1))
    var rotates = true
    while rotates {
      rotates = false
      for p in 0..<rows {
        for q in p + 1..<rows where abs(a[p, q]) > negligible {
          a.rotate(p, q)
          rotates = true
        }
      }
    }
    return (0..<rows).map { scale * a[$0, $0] }.sorted()
  }

  /// Jᵀ · A · J with the rotation J of the axes p and q that makes A[p, q] 0 (Golub and Van Loan,
  /// Matrix Computations, § 8.5.2).
  private mutating func rotate(_ p: Int, _ q: Int) {
    let ratio = (self[q, q] - self[p, p]) / 2 / self[p, q]
    let t = (ratio < 0 ? -1 : 1) / (abs(ratio) + (1 + ratio * ratio).squareRoot())
    let cosine = 1 / (1 + t * t).squareRoot()
    let sine = t * cosine
    self[p, p] -= t * self[p, q]
    self[q, q] += t * self[p, q]
    (self[p, q], self[q, p]) = (0, 0)
    for k in 0..<rows where k != p && k != q {
      let (x, y) = (self[p, k], self[q, k])
      (self[p, k], self[q, k]) = (cosine * x - sine * y, sine * x + cosine * y)
      (self[k, p], self[k, q]) = (self[p, k], self[q, k])
    }
  }
}
