/// A Householder reflection 1 − 2 · v · vᵀ, of the numbers of a row from one of them on.
struct Reflection {
  private let start: Int
  private let v: [Double]  // of length 1, or 0 where the row was

  /// The one that leaves of a row's numbers from `start` on the first alone.
  init(clearing row: Int, of matrix: Matrix, after start: Int) {
    var v = Array(matrix.row(row)[start...])
    let length = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
    v[0] += v[0] < 0 ? -length : length
    let norm = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
    (self.start, self.v) = (start, norm > 0 ? v.map { $0 / norm } : v)
  }

  func apply(to row: Int, of matrix: inout Matrix) {
    let first = row * matrix.columns + start
    let product = dot(matrix.elements, from: first, v, from: 0, count: v.count)
    matrix.addToRow(row, from: start, -2 * product, times: v)
  }

  func apply(to x: inout [Double]) {
    let product = dot(x, from: start, v, from: 0, count: v.count)
    add(-2 * product, times: v, from: 0, to: &x, from: start, count: v.count)
  }
}
