import ArgumentParser
import Recipes

/// The flags that say what a new model is made of.
struct StructureFlags: SettingFlags {
  @Option(help: .name("The preset to start from; see convit models. (default: convit_tiny)"))
  var model: String?
  @Option(help: .size("Pixels of the images. (default: 224)")) var inputSize: InputSize?
  @Option(help: .int("Colour channels of the images: 3, or 1 for grey. (default: 3)"))
  var channels: Int?
  @Option(help: .int("Pixels of a patch's side. (default: 16)")) var patchSize: Int?
  @Option(help: .int("Attention heads. (default: the preset's)")) var heads: OrNone<Int>?
  @Option(help: .int("Features of a head, the reference's --embed_dim. (default: the preset's)"))
  var headDim: OrNone<Int>?
  @Option(help: .int("Blocks. (default: the preset's)")) var depth: OrNone<Int>?
  @Option(help: .int("GPSA blocks, from the first. (default: the preset's, or all but the last)"))
  var localUpToLayer: OrNone<Int>?
  @Option(help: .number("Sharpness of the convolutional start, α. (default: 1)"))
  var localityStrength: Float?
}

/// The flags of `convit train` that describe the model.
struct ModelFlags: SettingFlags {
  @OptionGroup var structure: StructureFlags
  @Option(help: .int("Classes of the head, if more than the data have.")) var nbClasses:
    OrNone<Int>?
  @Option(help: .number("Dropout. (default: 0)")) var drop: Float?
  @Option(help: .number("Dropout of the attention's elements. (default: 0)"))
  var attnDrop: Float?
  @Option(help: .number("Stochastic depth of the last block. (default: 0.1)"))
  var dropPath: Float?
  @Option(
    help: .file(
      "Weights to start from; a head for other classes starts anew, and the position embedding is "
        + "resampled for images of another size."))
  var finetune: OrNone<String>?
  @Flag(
    inversion: .prefixedNo,
    help: "Use of --finetune what fits; the rest starts anew and is named. (default: off)")
  var partial: Bool?
}

extension InputSize: ExpressibleByArgument {
  /// A size from a flag.
  public init?(argument: String) { self.init(argument) }
}
