import Autodiff

/// An augmentation that happens or not, with a magnitude that may vary: timm's `AugmentOp`.
struct RandomOperation: Hashable, Sendable {
  let name: AugmentationName
  let probability: Double
  /// The mean magnitude, or the greatest where it is spread evenly.
  let magnitude: Double
  var spread = Spread.fixed
  /// The greatest magnitude; what is drawn beyond it, or below 0, becomes the bound.
  var maximum = 10.0
  /// The share of the size that magnitude 10 shifts by.
  var translation = 0.45

  enum Spread: Hashable, Sendable {
    case fixed
    /// Normally, with a standard deviation.
    case normal(Double)
    /// Evenly from 0 to the magnitude.
    case uniform
  }

  /// The operation for an image; nil where it does not happen.
  func drawn(from random: inout Random) -> ImageOperation? {
    if probability < 1 && random.uniform() > probability { return nil }
    let drawn: Double
    switch spread {
    case .fixed: drawn = magnitude
    case .normal(let deviation): drawn = magnitude + deviation * random.normal()
    case .uniform: drawn = random.uniform(0, magnitude)
    }
    return name.operation(
      magnitude: max(0, min(drawn, maximum)), translation: translation, random: &random)
  }
}
