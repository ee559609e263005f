import Symmetry
import Training

/// What a model is to answer: targets and losses.
package struct LossSettings: Settings {
  package var smoothing: Double = 0.1
  /// How much each class counts: `balanced` for n / (classes · n_c), or a YAML or JSON file of a
  /// weight for each class; all the same if left out. The loss is that of
  /// `torch.nn.functional.cross_entropy(logits, probabilities, weight=w)`.
  package var classWeights: String?
  package var mixup: Double = 0.8
  package var cutmix: Double = 1
  package var cutmixMinmax: [Double]?
  package var mixupProb: Double = 1
  package var mixupSwitchProb: Double = 0.5
  package var mixupMode = Mixing.Mode.batch
  package var mixupOffEpoch = 0
  package var bceLoss = false
  /// What a target must be above to count as 1, else 0, for `bceLoss`. If left out it is 0 as in
  /// DeiT, unless there is smoothing, which makes all targets more than 0: then they stay as they
  /// are, as in timm.
  package var bceTargetThresh: Double?
  package var distillationType = DistillationType.none
  package var teacherModel: String?
  package var teacherPath: String?
  package var distillationAlpha: Double = 0.5
  package var distillationTau: Double = 1
  package var distillationReduction = DistillationReduction.batchmean
  /// The symmetry of images, such as `hflip` or `d4`, over which the teacher is averaged that a
  /// model without a distillation head learns from: to get what averaging gains from one pass.
  package var distillAverage: String?

  package enum DistillationType: String, Hashable, Sendable, Codable, CaseIterable {
    case none
    /// Its probabilities.
    case soft
    /// Its most probable class.
    case hard
  }

  package enum DistillationReduction: String, Hashable, Sendable, Codable, CaseIterable {
    case batchmean
    /// The images times the classes, as in DeiT's code.
    case numel
  }

  var mixes: Bool { mixup > 0 || cutmix > 0 }
  var hasTeacher: Bool { distillationType != .none || distillAverage != nil }

  /// The threshold that is in force for `bceLoss`.
  var threshold: Float? { bceTargetThresh.map { Float($0) } ?? (smoothing > 0 ? nil : 0) }
}

extension LossSettings {
  package func validate() throws(TrainingError) {
    try require((0..<1).contains(smoothing), "smoothing must be in 0 ..< 1, found \(smoothing)")
    try require(classWeights != "", "class-weights is empty")
    try requireUse(
      of: "class-weights", classWeights == nil || !bceLoss,
      "class-weights is for cross-entropy, not for bce-loss")
    for (name, alpha) in [("mixup", mixup), ("cutmix", cutmix)] {
      try require(alpha.isFinite && alpha >= 0, "\(name) must not be negative, found \(alpha)")
    }
    for (name, share) in [
      ("mixup-prob", mixupProb), ("mixup-switch-prob", mixupSwitchProb),
      ("distillation-alpha", distillationAlpha),
    ] {
      try require((0...1).contains(share), "\(name) must be in 0 ... 1, found \(share)")
    }
    try require(mixupOffEpoch >= 0, "mixup-off-epoch must not be negative, found \(mixupOffEpoch)")
    let defaults = LossSettings()
    try requireUse(
      mixes,
      of: [
        "mixup-prob": mixupProb != defaults.mixupProb,
        "mixup-mode": mixupMode != defaults.mixupMode, "mixup-off-epoch": mixupOffEpoch != 0,
      ]
    ) { "\($0) has no effect without mixup and cutmix" }
    try requireUse(
      of: "mixup-switch-prob",
      mixup > 0 && cutmix > 0 || mixupSwitchProb == defaults.mixupSwitchProb,
      "mixup-switch-prob has no effect unless there are both mixup and cutmix")
    if let minmax = cutmixMinmax {
      try require(
        minmax.count == 2 && minmax[0] >= 0 && minmax[0] < minmax[1] && minmax[1] <= 1,
        "cutmix-minmax must be two rising numbers in 0 ... 1, found \(minmax)")
      try require(
        cutmix == 1, "cutmix \(cutmix) has no effect beside cutmix-minmax; leave it at 1")
    }
    if let bceTargetThresh {
      try requireUse(
        of: "bce-target-thresh", bceLoss, "bce-target-thresh has no effect without bce-loss")
      try require(
        (0..<1).contains(bceTargetThresh),
        "bce-target-thresh must be in 0 ..< 1, found \(bceTargetThresh)")
    }
    try checkDistillation(defaults)
  }

  /// Throws if every target would come to 1.
  func validate(classes: Int) throws(TrainingError) {
    guard let bceTargetThresh else { return }
    try require(
      smoothing == 0 || bceTargetThresh >= smoothing / Double(classes),
      "bce-target-thresh \(bceTargetThresh) makes all targets 1 with smoothing \(smoothing) over "
        + "\(classes) classes")
  }

  private func checkDistillation(_ defaults: LossSettings) throws(TrainingError) {
    try requireUse(
      of: "distill-average", distillAverage == nil || distillationType == .none,
      "distill-average is for models without a distillation token, and takes distillation-type none"
    )
    _ = try averaging()
    try requireUse(
      hasTeacher,
      of: [
        "teacher-model": teacherModel != nil, "teacher-path": teacherPath != nil,
        "distillation-alpha": distillationAlpha != defaults.distillationAlpha,
      ]
    ) { "\($0) has no effect with distillation-type none and without distill-average" }
    try requireUse(
      distillationType == .soft || distillAverage != nil,
      of: [
        "distillation-tau": distillationTau != defaults.distillationTau,
        "distillation-reduction": distillationReduction != defaults.distillationReduction,
      ]
    ) { "\($0) is for distillation-type soft" }
    try require(
      distillationTau.isFinite && distillationTau > 0,
      "distillation-tau must be positive, found \(distillationTau)")
    try require(
      !hasTeacher || teacherPath != nil,
      (distillAverage == nil ? "distillation-type \(distillationType)" : "distill-average")
        + " needs teacher-path, the weights of the teacher")
  }

  /// The symmetry over which the teacher is averaged, if it is.
  func averaging() throws(TrainingError) -> ImageSymmetry? {
    do {
      return try distillAverage.map(ImageSymmetry.init(named:))
    } catch {
      throw TrainingError(usage: "distill-average: \(error)")
    }
  }
}
