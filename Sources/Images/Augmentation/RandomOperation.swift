import Autodiff

/// An augmentation that happens or not, with a magnitude that may vary: timm's `AugmentOp`.
package struct RandomOperation: Hashable, Sendable {
  /// What is done.
  package var name: AugmentationName
  /// How often it is done.
  package var probability: Double
  /// The mean magnitude, or the greatest where it is spread evenly.
  package var magnitude: Double
  /// How magnitudes vary.
  package var spread = Spread.fixed
  /// The greatest magnitude; what is drawn beyond it, or below 0, becomes the bound.
  package var maximum = 10.0
  /// The share of the size that magnitude 10 shifts by.
  package var translation = 0.45

  /// How magnitudes vary.
  package enum Spread: Hashable, Sendable {
    /// Not at all.
    case fixed
    /// Normally, with a standard deviation.
    case normal(Double)
    /// Evenly from 0 to the magnitude.
    case uniform
  }

  /// An augmentation of a probability and a magnitude.
  package init(_ name: AugmentationName, _ probability: Double, _ magnitude: Double) {
    self.name = name
    self.probability = probability
    self.magnitude = magnitude
  }

  /// The operation for an image; nil where it does not happen.
  package func drawn(from random: inout Random) -> ImageOperation? {
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
