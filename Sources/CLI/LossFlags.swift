import ArgumentParser
import Recipes
import Training

/// The flags of `convit train` that say what a model is to answer.
struct LossFlags: SettingFlags {
  @Option(.number("Label smoothing. (default: 0.1)")) var smoothing: Double?
  @Option(
    .file(
      "How much classes count: balanced (n / (classes · n_c)), or a YAML or JSON file of a "
        + "weight for each. (default: none)"))
  var classWeights: OrNone<String>?
  @Option(.number("Blend images: α of the shares' Beta(α, α), 0 is off. (default: 0.8)"))
  var mixup: Double?
  @Option(.number("Paste boxes of images: α of the shares' Beta(α, α), 0 is off. (default: 1)"))
  var cutmix: Double?
  @Option(
    list: .number("The smallest and largest side of the boxes, by the image's, instead of α."))
  var cutmixMinmax: [OrNone<Double>] = []
  @Option(.number("How probable mixing is. (default: 1)")) var mixupProb: Double?
  @Option(.number("How probable cutmix is beside mixup. (default: 0.5)"))
  var mixupSwitchProb: Double?
  @Option(.name("Draw for each batch, pair or elem(ent). (default: batch)"))
  var mixupMode: Mixing.Mode?
  @Option(.int("The epoch, from 0, at which mixing ends; 0 is never. (default: 0)"))
  var mixupOffEpoch: Int?
  @Flag(onOff: "Binary cross-entropy of each class by itself. (default: off)") var bceLoss: Bool?
  @Option(
    .number("Count targets above it as 1, others as 0. (default: 0 without smoothing, else off)"))
  var bceTargetThresh: OrNone<Double>?
  @Option(.name("What a distilled model learns from a teacher. (default: none)"))
  var distillationType: LossSettings.DistillationType?
  @Option(.name("The teacher's preset, if its file does not say."))
  var teacherModel: OrNone<String>?
  @Option(.file("The teacher's weights.")) var teacherPath: OrNone<String>?
  @Option(.number("The teacher's share of the loss. (default: 0.5)")) var distillationAlpha: Double?
  @Option(.number("Temperature of soft distillation. (default: 1)")) var distillationTau: Double?
  @Option(.name("Divide the soft loss by images, or as DeiT by their logits. (default: batchmean)"))
  var distillationReduction: LossSettings.DistillationReduction?
}

extension Mixing.Mode: ExpressibleByArgument {}
extension LossSettings.DistillationType: ExpressibleByArgument {}
extension LossSettings.DistillationReduction: ExpressibleByArgument {}
