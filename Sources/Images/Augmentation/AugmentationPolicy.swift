import Autodiff

/// Which augmentations an image gets by chance: RandAugment, AutoAugment, 3-Augment or AugMix.
///
/// Policies come from timm's texts (`AugmentationPolicy("rand-m9-mstd0.5-inc1")`), and have the
/// distribution over operations and their arguments that timm's have.
public struct AugmentationPolicy: Hashable, Sendable {
  enum Form: Hashable, Sendable {
    /// `count` draws from operations, with repetition; with weights, without (RandAugment, Cubuk
    /// et al. 2020).
    case layers([RandomOperation], count: Int, weights: [Double]?)
    /// One of some lists of operations (AutoAugment, Cubuk et al. 2019).
    case oneOf([[RandomOperation]])
    /// Chains of operations, mixed (AugMix, Hendrycks et al. 2020).
    case mix(AugMix)
  }

  let form: Form
  let resamplings: [Resampling]
  let text: String

  /// Whether colour jitter goes with it: timm leaves it out except with 3-Augment.
  package var takesColorJitter: Bool { text.contains("3a") }

  /// The image after what `random` draws for it.
  ///
  /// - Parameter fill: The colour of what geometric operations bring in from outside.
  func callAsFunction(
    _ image: RGBImage, random: Random, fill: RGBColor = .imageNetMean
  ) -> RGBImage {
    var random = random
    func apply(_ operation: RandomOperation, _ image: RGBImage, _ random: inout Random) -> RGBImage
    {
      guard let drawn = operation.drawn(from: &random) else { return image }
      return image.applying(drawn, resampling: resamplings.drawn(from: &random), fill: fill)
    }
    switch form {
    case .mix(let mix): return mix(image, random: &random, apply: apply)
    default: return chosen(from: &random).reduce(image) { apply($1, $0, &random) }
    }
  }

  /// The operations that may happen to an image, in their order.
  func chosen(from random: inout Random) -> [RandomOperation] {
    switch form {
    case .layers(let operations, let count, nil):
      return (0..<count).map { _ in operations[random.below(operations.count)] }
    case .layers(let operations, let count, let weights?):
      return Self.draw(count, weights, random: &random).map { operations[$0] }
    case .oneOf(let lists): return lists[random.below(lists.count)]
    case .mix: return []
    }
  }

  /// `count` different indices, each in proportion to the weights of those that are left.
  private static func draw(_ count: Int, _ weights: [Double], random: inout Random) -> [Int] {
    var weights = weights
    return (0..<count).map { _ in
      var place = random.uniform() * weights.reduce(0, +)
      var last = 0
      for (index, weight) in weights.enumerated() where weight > 0 {
        last = index
        place -= weight
        if place < 0 { break }
      }
      weights[last] = 0
      return last
    }
  }
}
