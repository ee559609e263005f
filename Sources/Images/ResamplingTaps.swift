/// The weights with which source pixels make each target pixel along one axis.
///
/// They are computed in double precision and rounded half away from zero to 22 fractional bits,
/// as Pillow does for 8-bit images (32 − 8 bits for the value − 2 for overshoot).
struct ResamplingTaps {
  /// Fractional bits of a weight.
  static let precision = 32 - 8 - 2

  /// Weights stored for each target pixel; those beyond `counts[i]` are zero.
  let stride: Int
  /// The first source pixel of each target pixel.
  private(set) var starts: [Int]
  /// How many source pixels make each target pixel.
  private(set) var counts: [Int]
  /// The weights in fixed point, [target pixels, stride].
  private(set) var weights: [Int32]

  /// The taps of the pixels `range` when `low` ..< `high` of an axis of `source` pixels are mapped
  /// to `target` pixels.
  ///
  /// The bounds are single precision because Pillow's are, and that can be seen in the result.
  init(
    source: Int, low: Float, high: Float, target: Int, range: Range<Int>, resampling: Resampling
  ) {
    let scale = Double(high - low) / Double(target)
    let filterScale = max(scale, 1)
    let support = resampling.support * filterScale
    let stride = Int(support.rounded(.up)) * 2 + 1
    self.stride = stride
    starts = [Int](repeating: 0, count: range.count)
    counts = [Int](repeating: 0, count: range.count)
    weights = [Int32](repeating: 0, count: range.count * stride)
    var row = [Double](repeating: 0, count: stride)
    for i in 0..<range.count {
      let center = Double(low) + (Double(range.lowerBound + i) + 0.5) * scale
      let start = max(Int(center - support + 0.5), 0)
      let count = min(Int(center + support + 0.5), source) - start
      var total = 0.0
      for j in 0..<count {
        let x = (Double(j + start) - center + 0.5) * (1 / filterScale)
        row[j] = resampling.weight(x)
        total += row[j]
      }
      for j in 0..<count {
        let weight = (total != 0 ? row[j] / total : row[j]) * Double(1 << Self.precision)
        weights[i * stride + j] = Int32(weight < 0 ? weight - 0.5 : weight + 0.5)
      }
      starts[i] = start
      counts[i] = count
    }
  }

  /// The source pixels that any target pixel needs.
  var span: Range<Int> {
    guard let first = starts.first, let start = starts.last, let count = counts.last else {
      return 0..<0
    }
    return first..<(start + count)
  }

  /// The same taps for an axis that begins at the first source pixel they need.
  func shifted() -> ResamplingTaps {
    var taps = self
    let first = span.lowerBound
    for i in starts.indices { taps.starts[i] -= first }
    return taps
  }
}
