import Autodiff

/// timm's augmentations by its names, each of a magnitude from 0 to 10, or up to a policy's `mmax`.
enum AugmentationName: Hashable, Sendable, CaseIterable {
  case autoContrast, equalize, invert, rotate
  /// Fewer bits for smaller magnitudes, none at 0, as in TensorFlow's TPU models.
  case posterize
  /// Fewer bits for greater magnitudes, from 4 down.
  case posterizeIncreasing
  /// 4 bits at 0, and up to all 8, as in the paper on AutoAugment.
  case posterizeOriginal
  case solarize, solarizeIncreasing, solarizeAdd
  case color, colorIncreasing, contrast, contrastIncreasing
  case brightness, brightnessIncreasing, sharpness, sharpnessIncreasing
  case shearX, shearY, translateXRel, translateYRel
  case desaturate, gaussianBlur, gaussianBlurRand

  /// The operation of `magnitude`, and of a random sign where either is as good.
  ///
  /// - Parameter translation: The share of the size that magnitude 10 shifts by.
  func operation(
    magnitude: Double, translation: Double = 0.45, random: inout Random
  ) -> ImageOperation {
    let level = magnitude / 10
    func signed(_ value: Double) -> Double { random.uniform() > 0.5 ? -value : value }
    // From 0.1 at magnitude 0 over 1 to 1.9 at 10.
    let enhancement = level * 1.8 + 0.1
    func increasing() -> Double { max(1 + signed(level * 0.9), 0.1) }
    let bits = Int(level * 4)
    let threshold = min(Int(level * 256), 256)
    switch self {
    case .autoContrast: return .autoContrast
    case .equalize: return .equalize
    case .invert: return .invert
    case .rotate: return .rotate(degrees: signed(level * 30))
    case .posterize: return .posterize(bits: bits)
    case .posterizeIncreasing: return .posterize(bits: max(4 - bits, 0))
    case .posterizeOriginal: return .posterize(bits: bits + 4)
    case .solarize: return .solarize(threshold: threshold)
    case .solarizeIncreasing: return .solarize(threshold: 256 - threshold)
    case .solarizeAdd: return .solarizeAdd(min(Int(level * 110), 128))
    case .color: return .color(enhancement)
    case .colorIncreasing: return .color(increasing())
    case .contrast: return .contrast(enhancement)
    case .contrastIncreasing: return .contrast(increasing())
    case .brightness: return .brightness(enhancement)
    case .brightnessIncreasing: return .brightness(increasing())
    case .sharpness: return .sharpness(enhancement)
    case .sharpnessIncreasing: return .sharpness(increasing())
    case .shearX: return .shearX(signed(level * 0.3))
    case .shearY: return .shearY(signed(level * 0.3))
    case .translateXRel: return .translateX(signed(level * translation))
    case .translateYRel: return .translateY(signed(level * translation))
    case .desaturate: return .color(1 - min(0.5 + 0.5 * level, 1))
    case .gaussianBlur: return .gaussianBlur(radius: min(0.1 + 1.9 * level, 2))
    case .gaussianBlurRand:
      return .gaussianBlur(radius: random.uniform(0.1, 2 * min(level, 1)))
    }
  }
}
