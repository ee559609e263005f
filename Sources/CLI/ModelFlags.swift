import ArgumentParser
import ConViT
import Recipes

/// The flags that say what a new model is made of.
struct StructureFlags: SettingFlags {
  @Option(.name("The preset to start from; see convit models. (default: convit_tiny)"))
  var model: String?
  @Option(.size("Pixels of the images. (default: 224)")) var inputSize: InputSize?
  @Option(.int("Colour channels of the images: 3, or 1 for grey. (default: 3)")) var channels: Int?
  @Option(.int("Pixels of a patch's side. (default: 16)")) var patchSize: Int?
  @Option(.int("Attention heads. (default: the preset's)")) var heads: OrNone<Int>?
  @Option(.int("Features of a head, the reference's --embed_dim. (default: the preset's)"))
  var headDim: OrNone<Int>?
  @Option(.number("Hidden units of the MLPs by features of a token. (default: the preset's, 4)"))
  var mlpRatio: OrNone<Float>?
  @Option(.int("Features of a token. (default: those of all heads together)"))
  var dim: OrNone<Int>?
  @Option(list: .int("Heads of each block, where blocks differ.")) var headsByLayer: [OrNone<Int>] =
    []
  @Option(list: .int("Hidden units of each block's MLP, where blocks differ."))
  var hiddenByLayer: [OrNone<Int>] = []
  @Option(.int("Blocks. (default: the preset's)")) var depth: OrNone<Int>?
  @Option(.int("GPSA blocks, from the first. (default: the preset's, or all but the last)"))
  var localUpToLayer: OrNone<Int>?
  @Option(.number("Sharpness of the convolutional start, α. (default: 1)"))
  var localityStrength: Float?
  @Option(
    .name(
      "What the head reads: token, the class token, or avg, the mean over the patches. (default: "
        + "the preset's)"))
  var globalPool: ModelSettings.GlobalPool?
}

/// The flags of `convit train` that describe the model.
struct ModelFlags: SettingFlags {
  @OptionGroup var structure: StructureFlags
  @Option(
    .int("Frames of a clip: with them, a model of images becomes one of clips. (default: none)"))
  var frames: OrNone<Int>?
  @Option(
    .name(
      "Which patches of a clip look at which: space, joint, divided, local-global or axial. "
        + "(default: divided)"))
  var attention: TimeSformerConfiguration.Scheme?
  @Option(.int("Classes of the head, if more than the data have.")) var nbClasses: OrNone<Int>?
  @Option(.number("Dropout. (default: 0)")) var drop: Float?
  @Option(.number("Dropout of the attention's elements. (default: 0)")) var attnDrop: Float?
  @Option(.number("Stochastic depth of the last block. (default: 0.1)")) var dropPath: Float?
  @Option(
    .file(
      "Weights to start from; a head for other classes starts anew, and the position embedding "
        + "is resampled for images of another size."))
  var finetune: OrNone<String>?
  @Option(
    .file("A ticket of convit ticket to train: its weights, its masks held. (default: none)"))
  var ticket: OrNone<String>?
  @Flag(onOff: "Use of --finetune what fits; the rest starts anew and is named. (default: off)")
  var partial: Bool?
}

extension ModelSettings.GlobalPool: ExpressibleByArgument {}
extension InputSize: LosslessStringConvertible, ExpressibleByArgument {}
extension TimeSformerConfiguration.Scheme: ExpressibleByArgument {}
