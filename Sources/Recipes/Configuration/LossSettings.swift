import Training

/// What a model is to answer: targets and losses.
package struct LossSettings: Settings {
  /// Label smoothing: the share of a target that is spread evenly over all classes.
  package var smoothing: Double = 0.1
  /// How much each class counts: `balanced` for n / (classes · n_c), or a YAML or JSON file of a
  /// weight for each class; all the same if left out. The loss is that of
  /// `torch.nn.functional.cross_entropy(logits, probabilities, weight=w)`.
  package var classWeights: String?
  /// Mixup's α, the share of two blended images being Beta(α, α); 0 is none.
  package var mixup: Double = 0.8
  /// CutMix's α, a box of one image pasted into another; 0 is none.
  package var cutmix: Double = 1
  /// The smallest and largest side of CutMix's box, by the image's, in the place of its α.
  package var cutmixMinmax: [Double]?
  /// How probable it is that images are mixed at all.
  package var mixupProb: Double = 1
  /// How probable CutMix is where there is mixup as well.
  package var mixupSwitchProb: Double = 0.5
  /// What is drawn once: a batch's mixing, a pair's, or an image's.
  package var mixupMode = Mixing.Mode.batch
  /// The epoch, from 0, at which mixing ends; 0 is never.
  package var mixupOffEpoch = 0
  /// Binary cross-entropy of each class by itself, in the place of cross-entropy.
  package var bceLoss = false
  /// What a target must be above to count as 1, else 0, for `bceLoss`. If left out it is 0 as in
  /// DeiT, unless there is smoothing, which makes all targets more than 0: then they stay as they
  /// are, as in timm.
  package var bceTargetThresh: Double?
  /// What is learnt from a teacher.
  package var distillationType = DistillationType.none
  /// The teacher's preset, for files that do not say.
  package var teacherModel: String?
  /// The teacher's weights file.
  package var teacherPath: String?
  /// The teacher's share of the loss.
  package var distillationAlpha: Double = 0.5
  /// The temperature τ that both logits are divided by, for soft distillation.
  package var distillationTau: Double = 1
  /// What the sum of the soft loss is divided by.
  package var distillationReduction = DistillationReduction.batchmean

  /// The defaults.
  package init() {}

  /// What is learnt from a teacher.
  package enum DistillationType: String, Hashable, Sendable, Codable, CaseIterable {
    case none
    /// Its probabilities.
    case soft
    /// Its most probable class.
    case hard
  }

  /// What the sum of the soft loss is divided by.
  package enum DistillationReduction: String, Hashable, Sendable, Codable, CaseIterable {
    /// The images.
    case batchmean
    /// The images times the classes, as in DeiT's code.
    case numel
  }

  /// Whether images are mixed.
  var mixes: Bool { mixup > 0 || cutmix > 0 }

  /// The threshold that is in force for `bceLoss`.
  var threshold: Float? { bceTargetThresh.map { Float($0) } ?? (smoothing > 0 ? nil : 0) }
}
