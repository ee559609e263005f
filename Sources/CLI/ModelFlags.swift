import ArgumentParser
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
  @Option(.int("Blocks. (default: the preset's)")) var depth: OrNone<Int>?
  @Option(.int("GPSA blocks, from the first. (default: the preset's, or all but the last)"))
  var localUpToLayer: OrNone<Int>?
  @Option(.number("Sharpness of the convolutional start, α. (default: 1)"))
  var localityStrength: Float?
}

/// The flags of `convit train` that describe the model.
struct ModelFlags: SettingFlags {
  @OptionGroup var structure: StructureFlags
  @Option(.int("Classes of the head, if more than the data have.")) var nbClasses: OrNone<Int>?
  @Option(.number("Dropout. (default: 0)")) var drop: Float?
  @Option(.number("Dropout of the attention's elements. (default: 0)")) var attnDrop: Float?
  @Option(.number("Stochastic depth of the last block. (default: 0.1)")) var dropPath: Float?
  @Option(
    .file(
      "Weights to start from; a head for other classes starts anew, and the position embedding "
        + "is resampled for images of another size."))
  var finetune: OrNone<String>?
  @Flag(onOff: "Use of --finetune what fits; the rest starts anew and is named. (default: off)")
  var partial: Bool?
}

/// The flags of `convit train` that take something away from the model.
struct AblationFlags: SettingFlags {
  @Option(
    .name(
      "Gates between content and position: trained, frozen, or absent (summed before the "
        + "softmax). (default: trained)"))
  var gate: AblationSettings.Gate?
  @Option(.number("The gates' λ at the start. (default: 1)")) var gateStart: Float?
  @Flag(onOff: "Start GPSA as a convolution, or else at random. (default: on)") var localInit: Bool?
  @Flag(onOff: "Leave all of the GPSA layers as it starts. (default: off)") var freezeGpsa: Bool?
  @Flag(onOff: "Learn a position embedding. (default: on)") var posEmbed: Bool?
}

extension InputSize: LosslessStringConvertible, ExpressibleByArgument {}
extension AblationSettings.Gate: ExpressibleByArgument {}
