/// The lists of timm 1.0.31 (`timm/data/auto_augment.py`).
extension AugmentationPolicy {
  static let plain: [AugmentationName] = [
    .autoContrast, .equalize, .invert, .rotate, .posterize, .solarize, .solarizeAdd, .color,
    .contrast, .brightness, .sharpness, .shearX, .shearY, .translateXRel, .translateYRel,
  ]

  static let increasing: [AugmentationName] = [
    .autoContrast, .equalize, .invert, .rotate, .posterizeIncreasing, .solarizeIncreasing,
    .solarizeAdd, .colorIncreasing, .contrastIncreasing, .brightnessIncreasing,
    .sharpnessIncreasing, .shearX, .shearY, .translateXRel, .translateYRel,
  ]

  static let three: [AugmentationName] = [.solarizeIncreasing, .desaturate, .gaussianBlur]

  static let weights: [(AugmentationName, Double)] = [
    (.rotate, 3), (.shearX, 2), (.shearY, 2), (.translateXRel, 1), (.translateYRel, 1),
    (.colorIncreasing, 0.25), (.sharpnessIncreasing, 0.25), (.autoContrast, 0.25),
    (.solarizeIncreasing, 0.05), (.solarizeAdd, 0.05), (.contrastIncreasing, 0.05),
    (.brightnessIncreasing, 0.05), (.equalize, 0.05), (.posterizeIncreasing, 0.05),
    (.invert, 0.05),
  ]

  static let threeWeights: [(AugmentationName, Double)] = [
    (.solarizeIncreasing, 6), (.desaturate, 6), (.gaussianBlur, 6), (.rotate, 3), (.shearX, 2),
    (.shearY, 2), (.posterizeIncreasing, 1), (.autoContrast, 1), (.colorIncreasing, 1),
    (.sharpnessIncreasing, 1), (.contrastIncreasing, 1), (.brightnessIncreasing, 1),
    (.equalize, 1), (.invert, 1),
  ]

  static let mixed: [AugmentationName] = [
    .autoContrast, .colorIncreasing, .contrastIncreasing, .brightnessIncreasing,
    .sharpnessIncreasing, .equalize, .rotate, .posterizeIncreasing, .solarizeIncreasing, .shearX,
    .shearY, .translateXRel, .translateYRel,
  ]

  /// Lists of AutoAugment policies by name; `v0r` and `originalr` differ in how they posterize.
  static func lists(_ name: String) -> [[RandomOperation]]? {
    let posterize: AugmentationName =
      name == "v0" ? .posterize : name == "original" ? .posterizeOriginal : .posterizeIncreasing
    let lists: [[(AugmentationName, probability: Double, magnitude: Double)]]
    switch name {
    case "v0", "v0r":
      lists = [
        [(.equalize, 0.8, 1), (.shearY, 0.8, 4)], [(.color, 0.4, 9), (.equalize, 0.6, 3)],
        [(.color, 0.4, 1), (.rotate, 0.6, 8)], [(.solarize, 0.8, 3), (.equalize, 0.4, 7)],
        [(.solarize, 0.4, 2), (.solarize, 0.6, 2)], [(.color, 0.2, 0), (.equalize, 0.8, 8)],
        [(.equalize, 0.4, 8), (.solarizeAdd, 0.8, 3)], [(.shearX, 0.2, 9), (.rotate, 0.6, 8)],
        [(.color, 0.6, 1), (.equalize, 1, 2)], [(.invert, 0.4, 9), (.rotate, 0.6, 0)],
        [(.equalize, 1, 9), (.shearY, 0.6, 3)], [(.color, 0.4, 7), (.equalize, 0.6, 0)],
        [(posterize, 0.4, 6), (.autoContrast, 0.4, 7)], [(.solarize, 0.6, 8), (.color, 0.6, 9)],
        [(.solarize, 0.2, 4), (.rotate, 0.8, 9)], [(.rotate, 1, 7), (.translateYRel, 0.8, 9)],
        [(.shearX, 0, 0), (.solarize, 0.8, 4)], [(.shearY, 0.8, 0), (.color, 0.6, 4)],
        [(.color, 1, 0), (.rotate, 0.6, 2)], [(.equalize, 0.8, 4), (.equalize, 0, 8)],
        [(.equalize, 1, 4), (.autoContrast, 0.6, 2)], [(.shearY, 0.4, 7), (.solarizeAdd, 0.6, 7)],
        [(posterize, 0.8, 2), (.solarize, 0.6, 10)], [(.solarize, 0.6, 8), (.equalize, 0.6, 1)],
        [(.color, 0.8, 6), (.rotate, 0.4, 5)],
      ]
    case "original", "originalr":
      lists = [
        [(posterize, 0.4, 8), (.rotate, 0.6, 9)], [(.solarize, 0.6, 5), (.autoContrast, 0.6, 5)],
        [(.equalize, 0.8, 8), (.equalize, 0.6, 3)], [(posterize, 0.6, 7), (posterize, 0.6, 6)],
        [(.equalize, 0.4, 7), (.solarize, 0.2, 4)], [(.equalize, 0.4, 4), (.rotate, 0.8, 8)],
        [(.solarize, 0.6, 3), (.equalize, 0.6, 7)], [(posterize, 0.8, 5), (.equalize, 1, 2)],
        [(.rotate, 0.2, 3), (.solarize, 0.6, 8)], [(.equalize, 0.6, 8), (posterize, 0.4, 6)],
        [(.rotate, 0.8, 8), (.color, 0.4, 0)], [(.rotate, 0.4, 9), (.equalize, 0.6, 2)],
        [(.equalize, 0, 7), (.equalize, 0.8, 8)], [(.invert, 0.6, 4), (.equalize, 1, 8)],
        [(.color, 0.6, 4), (.contrast, 1, 8)], [(.rotate, 0.8, 8), (.color, 1, 2)],
        [(.color, 0.8, 8), (.solarize, 0.8, 7)], [(.sharpness, 0.4, 7), (.invert, 0.6, 8)],
        [(.shearX, 0.6, 5), (.equalize, 1, 9)], [(.color, 0.4, 0), (.equalize, 0.6, 3)],
        [(.equalize, 0.4, 7), (.solarize, 0.2, 4)], [(.solarize, 0.6, 5), (.autoContrast, 0.6, 5)],
        [(.invert, 0.6, 4), (.equalize, 1, 8)], [(.color, 0.6, 4), (.contrast, 1, 8)],
        [(.equalize, 0.8, 8), (.equalize, 0.6, 3)],
      ]
    case "3a": lists = [[(.solarize, 1, 5)], [(.desaturate, 1, 10)], [(.gaussianBlurRand, 1, 10)]]
    default: return nil
    }
    return lists.map { $0.map { RandomOperation(name: $0, probability: $1, magnitude: $2) } }
  }
}
