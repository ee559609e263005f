import Autodiff

extension Tensor {
  /// Features of a grid's places brought to another grid, [rows · columns, C] → [rows' · columns',
  /// C], as PyTorch's `interpolate` with `mode="bicubic", antialias=True` does and with it timm's
  /// `resample_abs_pos_embed`: Keys' cubic with a = −½ around pixel centres, widened by the factor
  /// where the grid shrinks.
  func resampled(from old: PatchGrid, to new: PatchGrid) -> Tensor {
    let features = shape[-1]
    checkPrecondition(
      shape == [old.count, features], "resampled: \(shape) for \(old.rows) × \(old.columns) places")
    let wide = resampled(
      outer: old.rows, CubicTaps(from: old.columns, to: new.columns), inner: features)
    return wide.resampled(
      outer: 1, CubicTaps(from: old.rows, to: new.rows), inner: new.columns * features
    ).reshaped([new.count, features])
  }

  /// A position embedding [1, tokens + N, C] for another grid, the tokens kept.
  func resampled(from old: PatchGrid, to new: PatchGrid, behind tokens: Int) -> Tensor {
    let (count, features) = (tokens + old.count, shape[-1])
    let rows = reshaped([count, features])
    let patches = rows.sliced(0, tokens..<count).resampled(from: old, to: new)
    return Tensor.concatenated([rows.sliced(0, 0..<tokens), patches], 0)
      .reshaped([1, tokens + new.count, features])
  }

  /// Weighted sums along the middle axis of [outer, taps.inputs, inner].
  private func resampled(outer: Int, _ taps: CubicTaps, inner: Int) -> Tensor {
    let outputs = taps.weights.count
    return Tensor(unsafeUninitialized: [outer, outputs, inner]) { out in
      withUnsafeBufferPointer { source in
        for (o, i) in (0..<outer).flatMap({ o in (0..<outputs).map { (o, $0) } }) {
          let (first, weights) = taps.weights[i]
          for feature in 0..<inner {
            let start = (o * taps.inputs + first) * inner + feature
            let sum = weights.enumerated().reduce(0.0) {
              $0 + $1.element * Double(source[start + $1.offset * inner])
            }
            out[(o * outputs + i) * inner + feature] = Float(sum)
          }
        }
      }
    }
  }
}

private struct CubicTaps {
  let inputs: Int
  let weights: [(first: Int, [Double])]

  init(from inputs: Int, to outputs: Int) {
    let scale = Double(inputs) / Double(outputs)
    let width = max(scale, 1)
    self.inputs = inputs
    weights = (0..<outputs).map { place in
      let centre = scale * (Double(place) + 0.5)
      let first = max(Int(centre - 2 * width + 0.5), 0)
      let end = min(Int(centre + 2 * width + 0.5), inputs)
      let values = (first..<end).map { Self.cubic((Double($0) - centre + 0.5) / width) }
      let sum = values.reduce(0, +)
      return (first, values.map { $0 / sum })
    }
  }

  /// Keys' cubic convolution kernel (1981) with a = −½.
  private static func cubic(_ x: Double) -> Double {
    let (a, x) = (-0.5, abs(x))
    if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
  }
}
