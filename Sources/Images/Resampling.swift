/// A filter for antialiased resizing: Pillow's, with Pillow's support and coefficients.
public enum Resampling: String, Sendable, Hashable, CaseIterable, Codable {
  /// A triangle, one source pixel (or one target pixel, when shrinking) to each side.
  case bilinear
  /// Keys' cubic with a = −0.5, two pixels to each side.
  case bicubic

  /// The distance from the centre beyond which the filter is zero, in source pixels at scale 1.
  var support: Double {
    switch self {
    case .bilinear: 1
    case .bicubic: 2
    }
  }

  /// The value of the filter at distance `x` from its centre.
  func weight(_ x: Double) -> Double {
    let x = x < 0 ? -x : x
    switch self {
    case .bilinear:
      return x < 1 ? 1 - x : 0
    case .bicubic:
      let a = -0.5
      if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
      return 0
    }
  }
}
