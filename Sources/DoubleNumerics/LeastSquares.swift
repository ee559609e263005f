/// The shortest x of those for which ‖A · x − b‖ is least, for any A: tall, wide, or of less than
/// full rank.
///
/// It is a complete orthogonal decomposition (Golub and Van Loan, Matrix Computations, § 5.5.2):
/// Householder reflections make A · P = Q · R, each time the longest remaining column first, and
/// others make of the `rank` rows of R that are not negligible a lower triangle, R = T · Z.
package struct LeastSquares: Sendable {
  /// How many columns of A are no combination of the others.
  package let rank: Int
  private let rows: Int
  private let scale: Double  // A is divided by it, so that squares neither overflow nor vanish
  private let order: [Int]  // the column of A that each column of R is
  private let columnReflections: [Reflection]  // Qᵀ
  private let rowReflections: [Reflection]  // Z
  private let triangle: Matrix  // T: [rank, columns], of which `rank` columns are not 0

  /// Nil if a number of A is infinite or NaN.
  ///
  /// - Parameters:
  ///   - a: [rows, columns].
  ///   - tolerance: a column counts as a combination of those before if what these leave of it is
  ///     at most this share of the longest column; 8 roundings times the longer side if nil.
  package init?(_ a: Matrix, tolerance: Double? = nil) {
    guard a.isFinite else { return nil }
    let largest = a.elements.reduce(0) { max($0, abs($1)) }
    let scale = largest > 0 ? Double(sign: .plus, exponent: largest.exponent, significand: 1) : 1
    let tolerance = tolerance ?? 8 * .ulpOfOne * Double(max(a.rows, a.columns))
    // The columns of A are rows here, one after the other in memory.
    var r = Matrix(a.rows, a.columns, a.elements.map { $0 / scale }).transposed
    var (order, reflections) = (Array(0..<a.columns), [Reflection]())
    var longest = 0.0
    for k in 0..<min(a.rows, a.columns) {
      let lengths = (k..<a.columns).map { r.length(ofRow: $0, from: k) }
      let (next, length) = lengths.enumerated().max { $0.element < $1.element } ?? (0, 0)
      longest = max(longest, length)
      guard length > tolerance * longest else { break }
      r.swapRows(k, k + next)
      order.swapAt(k, k + next)
      let reflection = Reflection(clearing: k, of: r, after: k)
      for j in k..<a.columns { reflection.apply(to: j, of: &r) }
      reflections.append(reflection)
    }
    let rank = reflections.count
    var t = Matrix(zeros: rank, a.columns)
    for i in 0..<rank {
      for j in i..<a.columns { t[i, j] = r[j, i] }
    }
    var rowReflections: [Reflection] = []
    for k in 0..<rank {
      let reflection = Reflection(clearing: k, of: t, after: k)
      for i in k..<rank { reflection.apply(to: i, of: &t) }
      rowReflections.append(reflection)
    }
    (self.rank, rows, self.scale, self.order) = (rank, a.rows, scale, order)
    (columnReflections, self.rowReflections, triangle) = (reflections, rowReflections, t)
  }

  /// The x for one right side: [rows] to [columns].
  package func solve(_ b: [Double]) -> [Double] {
    checkPrecondition(b.count == rows, "LeastSquares.solve: \(b.count) numbers for \(rows) rows")
    var right = b
    for reflection in columnReflections { reflection.apply(to: &right) }
    let columns = triangle.columns
    var y = Array(repeating: 0.0, count: columns)
    for i in 0..<rank {
      let known = dot(triangle.elements, from: i * columns, y, from: 0, count: i)
      y[i] = (right[i] - known) / triangle[i, i]
    }
    for reflection in rowReflections.reversed() { reflection.apply(to: &y) }
    var x = y
    for j in 0..<columns { x[order[j]] = y[j] / scale }
    return x
  }

  /// The x for each column of b: [rows, n] to [columns, n].
  package func solve(_ b: Matrix) -> Matrix {
    checkPrecondition(b.rows == rows, "LeastSquares.solve: \(b.rows) rows for \(rows)")
    let right = b.transposed
    let solutions = (0..<right.rows).flatMap { solve(right.row($0)) }
    return Matrix(right.rows, triangle.columns, solutions).transposed
  }
}

extension Matrix {
  /// The length of a row from one of its numbers on.
  fileprivate func length(ofRow row: Int, from start: Int) -> Double {
    let first = row * columns + start
    return dot(elements, from: first, elements, from: first, count: columns - start).squareRoot()
  }
}
