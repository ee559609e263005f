import Autodiff

extension Resampling {
  /// The map of each plane: [B, channels, height, width] of the same shape.
  func planes(_ images: Tensor) -> Tensor {
    let size = terms.count
    return images.mapped { values, out in
      for start in stride(from: 0, to: values.count, by: size) {
        for (place, sum) in terms.enumerated() {
          out[start + place] = Float(
            sum.reduce(0) { $0 + $1.weight * Double(values[start + $1.source]) })
        }
      }
    }
  }

  /// The map of the patches, which are behind all other tokens; those stay: [B, T + N, C].
  func tokens(_ tokens: Tensor) -> Tensor {
    let (rows, width) = (tokens.shape[1], tokens.shape[2])
    let first = rows - terms.count
    return tokens.mapped { values, out in
      for row in 0..<tokens.shape[0] * rows {
        let start = row / rows * rows
        let sum = row % rows < first ? [(row % rows - first, 1)] : terms[row % rows - first]
        for column in 0..<width {
          out[row * width + column] = Float(
            sum.reduce(0) {
              $0 + $1.weight * Double(values[(start + first + $1.source) * width + column])
            })
        }
      }
    }
  }
}

extension Tensor {
  fileprivate func mapped(
    _ body: (UnsafeBufferPointer<Float>, UnsafeMutableBufferPointer<Float>) -> Void
  ) -> Tensor {
    var result = Tensor(repeating: 0, shape)
    withUnsafeBufferPointer { values in
      result.withUnsafeMutableBufferPointer { body(values, $0) }
    }
    return result
  }
}
