/// A matrix of double-precision numbers, row by row: for the small, exact computations around
/// models, whose own numbers are tensors.
package struct Matrix: Hashable, Sendable {
  package let rows: Int
  package let columns: Int
  /// The numbers, row by row: [rows · columns].
  package private(set) var elements: [Double]

  package init(_ rows: Int, _ columns: Int, _ elements: [Double]) {
    checkPrecondition(
      rows >= 0 && columns >= 0 && elements.count == rows * columns,
      "Matrix: \(elements.count) numbers for \(rows) × \(columns)")
    (self.rows, self.columns, self.elements) = (rows, columns, elements)
  }

  package init(zeros rows: Int, _ columns: Int) {
    checkPrecondition(rows >= 0 && columns >= 0, "Matrix: \(rows) × \(columns)")
    self.init(rows, columns, Array(repeating: 0, count: rows * columns))
  }

  package init(identity count: Int) {
    self.init(zeros: count, count)
    for i in 0..<count { self[i, i] = 1 }
  }

  package subscript(row: Int, column: Int) -> Double {
    get { elements[place(row, column)] }
    set { elements[place(row, column)] = newValue }
  }

  private func place(_ row: Int, _ column: Int) -> Int {
    checkPrecondition(
      row >= 0 && row < rows && column >= 0 && column < columns,
      "Matrix: number (\(row), \(column)) of \(rows) × \(columns)")
    return row * columns + column
  }

  /// The numbers of a row: [columns].
  package func row(_ row: Int) -> [Double] {
    checkPrecondition(row >= 0 && row < rows, "Matrix: row \(row) of \(rows) × \(columns)")
    return Array(elements[row * columns..<(row + 1) * columns])
  }

  package var isFinite: Bool { elements.allSatisfy(\.isFinite) }

  package var transposed: Matrix {
    var result = Matrix(zeros: columns, rows)
    for i in 0..<rows {
      for j in 0..<columns { result.elements[j * rows + i] = elements[i * columns + j] }
    }
    return result
  }

  /// The sum of the diagonal of a square matrix.
  package var trace: Double {
    checkPrecondition(rows == columns, "Matrix.trace: \(rows) × \(columns) is not square")
    return (0..<rows).reduce(0) { $0 + self[$1, $1] }
  }

  /// The sum of the squares of all numbers, of which the root is the Frobenius norm.
  package var squaredNorm: Double {
    dot(elements, from: 0, elements, from: 0, count: elements.count)
  }

  /// X · Xᵀ, the products of all rows with each other, exactly symmetric: [rows, rows].
  package var gram: Matrix {
    var result = Matrix(zeros: rows, rows)
    for i in 0..<rows {
      for j in 0...i {
        let product = dot(
          elements, from: i * columns, elements, from: j * columns, count: columns)
        (result[i, j], result[j, i]) = (product, product)
      }
    }
    return result
  }

  package static func * (a: Matrix, b: Matrix) -> Matrix {
    checkPrecondition(
      a.columns == b.rows,
      "Matrix: \(a.rows) × \(a.columns) times \(b.rows) × \(b.columns)")
    var result = Matrix(zeros: a.rows, b.columns)
    for i in 0..<a.rows {
      for k in 0..<a.columns {
        result.addToRow(i, a[i, k], times: b.elements, startingAt: k * b.columns)
      }
    }
    return result
  }

  package static func * (a: Matrix, x: [Double]) -> [Double] {
    checkPrecondition(
      a.columns == x.count, "Matrix: \(a.rows) × \(a.columns) times \(x.count) numbers")
    return (0..<a.rows).map {
      dot(a.elements, from: $0 * a.columns, x, from: 0, count: a.columns)
    }
  }

  package static func * (scale: Double, a: Matrix) -> Matrix {
    Matrix(a.rows, a.columns, a.elements.map { scale * $0 })
  }

  package static func + (a: Matrix, b: Matrix) -> Matrix { a.combined(with: b, +) }
  package static func - (a: Matrix, b: Matrix) -> Matrix { a.combined(with: b, -) }

  private func combined(
    with other: Matrix, _ combine: (Double, Double) -> Double
  ) -> Matrix {
    checkPrecondition(
      rows == other.rows && columns == other.columns,
      "Matrix: \(rows) × \(columns) combined with \(other.rows) × \(other.columns)")
    return Matrix(rows, columns, zip(elements, other.elements).map(combine))
  }
}

extension Matrix {
  /// Adds to a row, from its number `column` on, a multiple of as many numbers of `x` from `start`
  /// on.
  mutating func addToRow(
    _ row: Int, from column: Int = 0, _ scale: Double, times x: [Double], startingAt start: Int = 0
  ) {
    add(
      scale, times: x, from: start, to: &elements, from: row * columns + column,
      count: columns - column)
  }

  mutating func swapRows(_ i: Int, _ j: Int) {
    guard i != j else { return }
    for k in 0..<columns { elements.swapAt(i * columns + k, j * columns + k) }
  }
}
