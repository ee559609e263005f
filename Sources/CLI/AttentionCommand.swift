import ArgumentParser
import Autodiff
import ConViT
import Foundation
import Images
import Locality
import Recipes
import Report
import Training

struct AttentionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attention",
    abstract: "Draw where heads look from a patch of an image or clip.",
    discussion: """
      Without --weights the model is at its initialisation, as convit train starts it. OUT gets \
      attention.svg, a row per layer and a column per head with labels and gates, attention.png \
      without text, query.png, each map as layer-<l>-head-<h>.png, and attention.json, which says \
      what their colours mean. Pictures of an earlier call into OUT are removed, other files stay. \
      Layers and heads count from 0. Of a model of clips and a clip, a map is a strip of frames, a \
      row is an attention of a layer (layer-<l>-time-head-<h>.png), and the columns mean and reach \
      are the mean over the heads and what reaches the patch through all attentions of the layer.

        convit attention photo.jpg --weights runs/first/best.safetensors --output-dir out
        convit attention clip.mp4 --query 2,7,7 --weights runs/clips/best.safetensors \
          --output-dir out
        convit attention --position --layer 0 --locality-strength 2 --output-dir out
      """)

  @Option(.file("A file of weights or a checkpoint. (default: the initialisation)"))
  var weights: String?
  @Option(help: .folder("The folder to write to.")) var outputDir: String
  @OptionGroup var choice: AttentionChoice
  @Option(
    help: ArgumentHelp(
      "One colour scale for all maps, or one for each. (default: shared, of clips cell)",
      valueName: "shared|cell"))
  var scale: AttentionScale.Extent?
  @Flag(help: "Make the colour scale logarithmic.") var log = false
  @OptionGroup(title: "Model") var structure: StructureFlags
  @OptionGroup(title: "Ablation") var ablation: AblationFlags
  @Option(.int("What the initialisation depends on. (default: 0)")) var seed: UInt64?
  @OptionGroup var threads: ThreadOptions
  @OptionGroup(title: "Reading") var options: ImageOptions
  @OptionGroup(title: "Clips") var clips: ClipFrameOptions
  @Argument(
    help: ArgumentHelp("A PNG, JPEG or WebP file, or a clip.", valueName: "image"))
  var image: String?

  func validate() throws {
    guard !outputDir.isEmpty else { throw ValidationError("output-dir is empty") }
    guard image != nil || choice.position else {
      throw ValidationError(
        "no image or clip is given; --position, of a model of images, needs none")
    }
    guard ablation.freezeGpsa == nil, ablation.gate != .frozen else {
      throw ValidationError("freeze-gpsa and gate frozen are for training")
    }
    guard weights == nil else { return try checkFlagsWithWeights() }
    try choice.check(image: usage { try start() })
  }

  private func checkFlagsWithWeights() throws {
    let flags = structure.given.merging(ablation.given) { $1 }.keys.map(\.kebabCase)
    let given = Set(flags + (seed == nil ? [] : ["seed"]))
    let idle = [
      "channels", "heads", "head-dim", "mlp-ratio", "depth", "local-up-to-layer",
      "locality-strength", "seed",
      "gate", "gate-start", "local-init", "pos-embed",
    ]
    if let name = idle.first(where: given.contains) {
      throw ValidationError("\(name) is for the initialisation, not with --weights")
    }
  }

  /// The configuration of the model at its initialisation.
  private func start() throws -> ViTConfiguration {
    var configuration = TrainingConfiguration()
    structure.apply(to: &configuration.architecture)
    ablation.apply(to: &configuration)
    try configuration.architecture.validate()
    try configuration.ablation.validate()
    return try configuration.modelConfiguration(classes: 1)
  }

  private func load(_ pool: WorkerPool) throws -> SavedModel {
    if let weights {
      return try .noted(
        weights, model: structure.model, inputSize: structure.inputSize,
        patchSize: structure.patchSize, frames: clips.frames)
    }
    let model = try VisionTransformer(start())
    return SavedModel(model, ParameterStore(ParameterTree(model), seed: seed ?? 0, on: pool))
  }

  func run() throws {
    let pool = threads.pool()
    let saved = try load(pool)
    let reader = try clips.reader(
      for: saved, options.settings(), cropRatio: options.evalCropRatio)
    let figure = try reader.map { try self.figure(saved, clip: $0) } ?? self.figure(saved)
    let folder = try ResultFolder(outputDir, record: "attention.json") { name in
      name.wholeMatch(of: /attention\.svg|(attention|query)\.png/) != nil
        || name.wholeMatch(of: /layer-\d+-([a-z]+-)?(head-\d+|rollout|mean|reach)\.png/) != nil
    }
    defer { folder.discard() }
    try write(figure, to: folder, pool)
    try Terminal.result("\(outputDir)/attention.svg")
  }

  private func figure(_ saved: SavedModel) throws -> AttentionFigure {
    let model = try saved.transformer.configuration
    try choice.check(image: model)
    let reader = try saved.imageReader(options.settings(), cropRatio: options.evalCropRatio)
    let picture = try image.map { try reader.image(at: $0, noting: Terminal.note) }
    return try AttentionFigure(
      choice.attention(saved, to: picture.map(reader.normalization.tensor)),
      heads: choice.heads(of: model), size: saved.imageSize, image: picture,
      source: weights ?? image ?? "the initialisation", extent: scale ?? .shared,
      isLogarithmic: log)
  }

  /// Of a model of clips, which shows the frames of one beside each other.
  private func figure(_ saved: SavedModel, clip reader: ClipReader) throws -> AttentionFigure {
    let model = try saved.model(as: TimeSformer.self)
    try choice.check(model.configuration)
    guard let image else { throw ValidationError("no clip is given") }
    let frames = try reader.images(at: image, noting: Terminal.note)[0]
    let clip = Tensor.concatenated(frames.map(reader.normalization.tensor), 0)
    return try AttentionFigure(
      choice.attention(
        model, saved.weights, to: clip.reshaped(Shape([1] + model.input.sizes))),
      heads: choice.heads(of: model.configuration.image), size: saved.imageSize,
      image: RGBImage(beside: frames), source: weights ?? image, extent: scale ?? .cell,
      isLogarithmic: log)
  }

  private func write(
    _ figure: AttentionFigure, to folder: ResultFolder, _ pool: WorkerPool
  ) throws {
    try folder.write(figure.svg(), to: "attention.svg")
    // The sheet takes longest, so it is begun first.
    let pictures: [(name: String, picture: () -> RGBImage?)] =
      [("attention", { figure.contactSheet }), ("query", { figure.queryPicture })]
      + figure.rows.joined().map { cell in (cell.name, { figure.picture(of: cell) }) }
    let results = pool.map(pictures) { name, picture in
      Result {
        try picture().map { try writePNG($0, to: "\(folder.staging)/\(name).png", effort: 2) }
      }
    }
    for result in results { _ = try result.get() }
    try folder.publish { try figure.record(files: $0) }
  }
}

extension AttentionScale.Extent: ExpressibleByArgument {}
