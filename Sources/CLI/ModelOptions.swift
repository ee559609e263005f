import ArgumentParser
import Autodiff
import ConViT
import Recipes

/// Which weights to use, and what a file does not say of their model.
struct WeightsOptions: ParsableArguments {
  @Option(help: .file("The file of weights, or a folder with one; a checkpoint, too."))
  var weights: String
  @Option(.name("The preset of the weights, for files that do not say; see convit models."))
  var model: String?
  @Option(
    .size(
      "Pixels of the model's images; a position embedding for others is resampled. (default: as "
        + "the file says, or 224)"))
  var inputSize: InputSize?
  @Option(.int("Pixels of a patch's side. (default: as the file says, or 16)")) var patchSize: Int?

  func validate() throws {
    if let patchSize, patchSize < 1 {
      throw ValidationError("patch-size must be at least 1, found \(patchSize)")
    }
    _ = try usage {
      try model.map { name in
        name.hasPrefix(TimeSformerConfiguration.name)
          ? try TimeSformerConfiguration.preset(of: name).image : try .preset(of: name)
      }
    }
  }

  /// The model in the file, of so many frames if that is said; its warnings go to standard error.
  func load(frames: Int? = nil) throws -> SavedModel {
    try .noted(weights, model: model, inputSize: inputSize, patchSize: patchSize, frames: frames)
  }
}

/// Which weights to use, and on how many threads.
struct ModelOptions: ParsableArguments {
  @OptionGroup var file: WeightsOptions
  @Option(help: "The precision of matrix products.") var precision = Precision.float32
  @OptionGroup var threads: ThreadOptions

  /// The model in the file; its warnings go to standard error.
  func load(frames: Int? = nil) throws -> SavedModel {
    let saved = try file.load(frames: frames)
    let warning =
      precision == .float32
      ? ProductKernels.settingWarning : ProductKernels.warning(for: precision)
    if let warning { Terminal.write("note: \(warning)\n") }
    return saved
  }

  func frozen(_ saved: SavedModel) -> FrozenWeights {
    FrozenWeights(saved.weights, .inference(precision))
  }
}

extension Precision: ExpressibleByArgument {}

extension SavedModel {
  /// The model in a file, as flags describe it; its warnings go to standard error.
  static func noted(
    _ weights: String, model: String?, inputSize: InputSize?, patchSize: Int?, frames: Int? = nil
  ) throws -> SavedModel {
    let saved = try SavedModel(
      weightsOrCheckpoint: weights,
      as: Description(
        name: model, imageHeight: inputSize?.size.height, imageWidth: inputSize?.size.width,
        patchSize: patchSize, frames: frames))
    for warning in saved.warnings { Terminal.write("note: \(weights): \(warning)\n") }
    return saved
  }
}

struct ThreadOptions: ParsableArguments {
  @Option(.int("Threads that work. (default: the processors)")) var threads: Int?

  func validate() throws { try require("threads", threads, in: 1...1024) }
  func pool() -> WorkerPool { WorkerPool(threads: threads ?? WorkerPool.availableProcessors) }
}

/// What a model is kept from using when it is looked at.
struct MaskOptions: ParsableArguments {
  @Option(help: .int("GPSA layers, from the first, that attend by position alone."))
  var maskContent = 0
  @Option(help: .int("GPSA layers, from the first, that attend by content alone."))
  var maskPosition = 0
  @Flag(help: "Leave the position embedding out.") var maskPosEmbed = false

  func validate() throws {
    for (name, count) in [("mask-content", maskContent), ("mask-position", maskPosition)]
    where count < 0 {
      throw ValidationError("\(name) must not be negative, found \(count)")
    }
  }

  var isEmpty: Bool { mask == TestMask() }

  private var mask: TestMask {
    TestMask(contentLayers: maskContent, positionLayers: maskPosition, posEmbed: maskPosEmbed)
  }

  func applied(to saved: SavedModel) throws -> SavedModel {
    var saved = saved
    guard !isEmpty else { return saved }
    let model = try saved.transformer
    saved.weights = try usage { try model.masked(saved.weights, by: mask) }
    return saved
  }
}
