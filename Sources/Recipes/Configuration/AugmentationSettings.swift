import Images
import Training

/// What becomes of a training image.
package struct AugmentationSettings: Settings {
  package var augment = true
  /// The filter that training crops are resized with, and that geometric augmentations use.
  package var trainInterpolation = Interpolation.bicubic
  package var src = false
  package var aa: String?
  /// How far brightness, contrast and saturation go from 1, where the policy does not forbid it.
  package var colorJitter = 0.4
  package var reprob: Double?
  package var remode = RandomErasing.Mode.pixel
  package var recount = 1
  package var resplit = false

  package enum Interpolation: String, Hashable, Sendable, Codable, CaseIterable {
    case bilinear, bicubic
    /// One of the two by chance, for each image.
    case random

    var resamplings: [Resampling] {
      switch self {
      case .bilinear: [.bilinear]
      case .bicubic: [.bicubic]
      case .random: [.bilinear, .bicubic]
      }
    }
  }

  var policyText: String? {
    let text = augment ? aa ?? "rand-m9-mstd0.5-inc1" : "none"
    return text == "none" || text.isEmpty ? nil : text
  }

  var eraseProbability: Double { augment ? reprob ?? 0.25 : 0 }

  func policy() throws(TrainingError) -> AugmentationPolicy? {
    guard let policyText else { return nil }
    do {
      return try AugmentationPolicy(policyText, resamplings: trainInterpolation.resamplings)
    } catch {
      throw TrainingError(usage: "aa: \(error)")
    }
  }

  var erasing: RandomErasing? {
    guard eraseProbability > 0 else { return nil }
    return RandomErasing(
      probability: eraseProbability, mode: remode, count: recount, sparesFirstHalf: resplit)
  }

  /// The transform to the size of `evaluation`, which is that of images that are not augmented.
  func transform(
    insteadOf evaluation: EvaluationTransform, fill: RGBColor
  ) throws(TrainingError) -> any ImageTransform {
    guard augment else { return evaluation }
    let size = evaluation.size
    let policy = try policy()
    var transform =
      src
      ? TrainingTransform(shiftingTo: size)
      : TrainingTransform(size: size, resamplings: trainInterpolation.resamplings)
    (transform.policy, transform.fill) = (policy, fill)
    if colorJitter > 0 && policy?.takesColorJitter ?? true {
      transform.jitter = colorJitter
    }
    return transform
  }

  package func validate() throws(TrainingError) {
    let policy = try policy()
    let givesJitter = colorJitter != 0.4 && colorJitter != 0
    try requireUse(
      augment,
      of: [
        "aa": !["", "none"].contains(aa ?? ""), "reprob": reprob ?? 0 != 0, "src": src,
        "color-jitter": givesJitter,
      ]
    ) { "\($0) is for augmented images, not with no-augment" }
    try require(
      (0...1).contains(eraseProbability), "reprob must be in 0 to 1, found \(eraseProbability)")
    try requireCounts(["recount": recount])
    try requireUse(
      eraseProbability > 0,
      of: ["remode": remode != .pixel, "recount": recount != 1, "resplit": resplit]
    ) { "\($0) is for random erasing, and reprob is 0" }
    try require(
      colorJitter.isFinite && colorJitter >= 0,
      "color-jitter must not be negative, found \(colorJitter)")
    try requireUse(
      of: "color-jitter", policy?.takesColorJitter ?? true || !givesJitter,
      "color-jitter is for aa none and 3a: \(policyText ?? "") changes colours itself")
  }
}
