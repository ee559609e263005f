import Autodiff

/// Brightness, contrast and saturation changed at random, in random order: torchvision's
/// `ColorJitter` with one strength for all three, as DeiT uses it.
public struct ColorJitter: Hashable, Sendable {
  /// Factors are drawn evenly from 1 ± `strength`, but never below 0.
  public let strength: Double

  /// A jitter of a strength.
  ///
  /// - Precondition: `strength` is not negative.
  public init(strength: Double) {
    checkPrecondition(strength >= 0, "ColorJitter: a strength of \(strength)")
    self.strength = strength
  }

  /// The three operations for an image, in their order.
  package func drawn(from random: inout Random) -> [ImageOperation] {
    let operations: [(Double) -> ImageOperation] = [
      ImageOperation.brightness, ImageOperation.contrast, ImageOperation.color,
    ]
    return random.permutation(3).map {
      operations[$0](random.uniform(max(1 - strength, 0), 1 + strength))
    }
  }
}
