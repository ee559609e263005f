extension Matrix {
  /// The eigenvalues of a symmetric matrix, the smallest first, as NumPy's `eigvalsh`; nil if a
  /// number is infinite or NaN. Only what is on and below the diagonal is read.
  ///
  /// By Householder's reflections to a tridiagonal matrix, and steps of the implicit QR algorithm
  /// with Wilkinson's shift (Golub and Van Loan, Matrix Computations, § 8.3): each value is right
  /// to a few roundings of the largest one.
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
    var tridiagonal = Tridiagonal(of: a)
    return tridiagonal.eigenvalues().map { scale * $0 }.sorted()
  }

  /// The singular values, the largest first, as NumPy's `svd`; nil if a number is infinite or NaN.
  ///
  /// By the eigenvalues of A · Aᵀ, or of Aᵀ · A if that is smaller: those below 10⁻⁸ of the largest
  /// are rounding.
  package func singularValues() -> [Double]? {
    guard isFinite else { return nil }
    let largest = elements.reduce(0) { max($0, abs($1)) }
    guard largest > 0 else { return Array(repeating: 0, count: min(rows, columns)) }
    let scaled = Matrix(rows, columns, elements.map { $0 / largest })
    let gram = rows <= columns ? scaled.gram : scaled.transposed.gram
    return gram.symmetricEigenvalues()?.reversed().map { largest * max($0, 0).squareRoot() }
  }
}

/// A symmetric matrix that has numbers on its diagonal and beside it alone.
private struct Tridiagonal {
  private var diagonal: [Double]
  private var beside: [Double]

  /// One with the eigenvalues of a symmetric matrix: column by column, what is below the place
  /// beside the diagonal is reflected away from both sides.
  init(of matrix: Matrix) {
    var a = matrix
    let n = a.rows
    (diagonal, beside) = ([], [])
    for column in 0..<max(n - 1, 0) {
      let below = column + 1
      var v = (below..<n).map { a[$0, column] }
      let length = dot(v, from: 0, v, from: 0, count: v.count).squareRoot()
      let first = v[0] < 0 ? length : -length  // what is left in the first place
      diagonal.append(a[column, column])
      beside.append(first)
      v[0] -= first
      let square = dot(v, from: 0, v, from: 0, count: v.count)
      guard square > 0 else { continue }
      // A − v · wᵀ − w · vᵀ with p = 2 A · v / |v|² and w = p − (p · v / |v|²) v.
      var w = v.indices.map { row in
        2 / square
          * dot(a.elements, from: (below + row) * n + below, v, from: 0, count: v.count)
      }
      let share = dot(w, from: 0, v, from: 0, count: v.count) / square
      add(-share, times: v, from: 0, to: &w, from: 0, count: v.count)
      for row in v.indices {
        a.addToRow(below + row, from: below, -v[row], times: w)
        a.addToRow(below + row, from: below, -w[row], times: v)
      }
    }
    if n > 0 { diagonal.append(a[n - 1, n - 1]) }
  }

  /// Until nothing is beside the diagonal that is more than roundings.
  mutating func eigenvalues() -> [Double] {
    var last = diagonal.count - 1
    while last > 0 {
      guard !isNegligible(last - 1) else {
        last -= 1
        continue
      }
      var first = last - 1
      while first > 0, !isNegligible(first - 1) { first -= 1 }
      step(first, last)
    }
    return diagonal
  }

  private func isNegligible(_ index: Int) -> Bool {
    abs(beside[index]) <= .ulpOfOne / Double(diagonal.count)
      || abs(beside[index]) <= .ulpOfOne / 2 * (abs(diagonal[index]) + abs(diagonal[index + 1]))
  }

  /// A step of QR of the part from `first` to `last`, by rotations of neighbouring axes.
  private mutating func step(_ first: Int, _ last: Int) {
    let half = (diagonal[last - 1] - diagonal[last]) / 2
    let b = beside[last - 1]
    let root = (half * half + b * b).squareRoot()
    let shift = diagonal[last] - b * b / (half + (half < 0 ? -root : root))
    var (x, z) = (diagonal[first] - shift, beside[first])
    for k in first..<last {
      let length = (x * x + z * z).squareRoot()
      let (c, s) = length > 0 ? (x / length, z / length) : (1, 0)
      if k > first { beside[k - 1] = length }
      let (p, q, r) = (diagonal[k], beside[k], diagonal[k + 1])
      diagonal[k] = c * c * p + 2 * c * s * q + s * s * r
      diagonal[k + 1] = s * s * p - 2 * c * s * q + c * c * r
      beside[k] = c * s * (r - p) + (c * c - s * s) * q
      if k + 1 < last {
        (x, z) = (beside[k], s * beside[k + 1])
        beside[k + 1] *= c
      }
    }
  }
}
