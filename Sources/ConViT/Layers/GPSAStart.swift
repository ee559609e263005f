import Autodiff

/// How a GPSA layer starts.
public enum GPSAStart: Hashable, Sendable, Codable {
  /// As a convolution of ⌊√H⌋ × ⌊√H⌋ (section 3 of the paper): head h looks at one offset, more
  /// sharply the larger `strength` (α); values pass unchanged.
  case convolutional(strength: Float)
  case random

  var value: Initializer { self == .random ? .truncatedNormal(0.02) : .identity }

  var position: Initializer {
    let random = Initializer.truncatedNormal(0.02)
    guard case .convolutional(let strength) = self else { return random }
    return Initializer { shape, source in
      var weight = random(shape, source)
      weight.withUnsafeMutableBufferPointer { weight in
        // Heads beyond the square keep the random start, scaled like the others (as in timm).
        for index in weight.indices { weight[index] *= strength }
        for (head, offset) in Self.offsets(heads: shape[0]).enumerated() {
          weight[3 * head] = strength * 2 * offset.x
          weight[3 * head + 1] = strength * 2 * offset.y
          weight[3 * head + 2] = -strength
        }
      }
      return weight
    }
  }

  /// The offset in patches that each head looks at, for the ⌊√H⌋² heads that have one.
  ///
  /// With 2Δ·r − r² = Δ² − |r − Δ|², the positional attention is a Gaussian around Δ. The published
  /// code's Δ is half a patch for even kernels: (±0.5, ±0.5) for four heads.
  package static func offsets(heads: Int) -> [(x: Float, y: Float)] {
    let kernel = Int(Float(heads).squareRoot())
    let centre = kernel % 2 == 0 ? Float(kernel - 1) / 2 : Float(kernel / 2)
    return (0..<kernel * kernel).map { head in
      (x: Float(head / kernel) - centre, y: Float(head % kernel) - centre)
    }
  }
}
