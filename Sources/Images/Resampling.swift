import CKernels

/// A filter for antialiased resizing: Pillow's, with Pillow's support and coefficients.
public enum Resampling: String, Sendable, Hashable, CaseIterable, Codable {
  /// A triangle, one source pixel (or one target pixel, when shrinking) to each side.
  case bilinear
  /// Keys' cubic with a = −0.5, two pixels to each side.
  case bicubic

  /// The distance from the centre beyond which the filter is zero, in source pixels at scale 1.
  var support: Double { self == .bilinear ? 1 : 2 }

  func weight(_ x: Double) -> Double {
    let x = abs(x)
    switch self {
    case .bilinear: return x < 1 ? 1 - x : 0
    case .bicubic:
      let a = -0.5
      if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
      return 0
    }
  }
}

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
  private(set) var starts: [Int32]
  /// How many source pixels make each target pixel.
  private(set) var counts: [Int32]
  /// The weights in fixed point, [target pixels, stride].
  private(set) var weights: [Int32]
  /// The source pixels that any target pixel needs.
  private(set) var span: Range<Int>

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
    starts = [Int32](repeating: 0, count: range.count)
    counts = [Int32](repeating: 0, count: range.count)
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
      starts[i] = Int32(start)
      counts[i] = Int32(count)
    }
    let end = (starts.last ?? 0) + (counts.last ?? 0)
    span = Int(starts.first ?? 0)..<Int(end)
  }

  /// The same for an axis from the first pixel needed on, perhaps with the target pixels reversed.
  func fromTheFirstNeeded(isReversed: Bool = false) -> ResamplingTaps {
    var taps = self
    taps.span = 0..<span.count
    for i in starts.indices { taps.starts[i] -= Int32(span.lowerBound) }
    guard isReversed else { return taps }
    taps.starts.reverse()
    taps.counts.reverse()
    for i in starts.indices {
      let other = starts.count - 1 - i
      taps.weights.replaceSubrange(
        (i * stride)..<((i + 1) * stride),
        with: weights[(other * stride)..<((other + 1) * stride)])
    }
    return taps
  }

  /// Calls `body` with the taps as the kernels take them.
  func withUnsafeTaps(_ body: (UnsafePointer<ck_resampling>) -> Void) {
    starts.withUnsafeBufferPointer { starts in
      counts.withUnsafeBufferPointer { counts in
        weights.withUnsafeBufferPointer { weights in
          var taps = ck_resampling(
            count: starts.count, stride: stride, starts: starts.baseAddress,
            counts: counts.baseAddress, weights: weights.baseAddress)
          body(&taps)
        }
      }
    }
  }
}
