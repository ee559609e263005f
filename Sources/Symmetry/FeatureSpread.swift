import Autodiff

/// How far vectors of features are from their mean, summed over many.
struct FeatureSpread {
  private var count = 0
  private var sums: [Double] = []
  private var squares = 0.0

  /// Adds the rows in `range` of each example: [B, rows, C].
  mutating func add(_ tokens: Tensor, _ range: Range<Int>) {
    let (rows, width) = (tokens.shape[1], tokens.shape[2])
    if sums.isEmpty { sums = Array(repeating: 0, count: width) }
    count += tokens.shape[0] * range.count
    tokens.withUnsafeBufferPointer { values in
      for example in 0..<tokens.shape[0] {
        for row in range {
          for column in 0..<width {
            let value = Double(values[(example * rows + row) * width + column])
            sums[column] += value
            squares += value * value
          }
        }
      }
    }
  }

  /// The mean of ‖z − z̄‖² over the vectors z; 0 if they are the same to rounding.
  static func mean(_ parts: [FeatureSpread]) -> Double {
    let count = Double(parts.reduce(0) { $0 + $1.count })
    let squares = parts.reduce(0) { $0 + $1.squares }
    guard count > 0 else { return 0 }
    let width = parts.map(\.sums.count).max() ?? 0
    let size = (0..<width).reduce(0.0) { size, column in
      let sum = parts.reduce(0) { $0 + ($1.sums.isEmpty ? 0 : $1.sums[column]) }
      return size + sum * sum
    }
    let apart = squares - size / count
    return apart > 1e-12 * squares ? apart / count : 0
  }
}

/// Squares of changes, summed over vectors.
struct Changes {
  var count = 0
  var squares = 0.0

  /// The root of the mean square over that of a spread; nil where there is nothing to compare.
  static func error(_ parts: [Changes], over spread: Double) -> Double? {
    let count = parts.reduce(0) { $0 + $1.count }
    guard count > 0, spread > 0 else { return nil }
    return (parts.reduce(0) { $0 + $1.squares } / Double(count) / spread).squareRoot()
  }
}
