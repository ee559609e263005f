import Autodiff
import Safetensors

/// A model with its weights and the names of its classes: what a weights file describes.
public struct SavedModel: Sendable {
  /// The structure.
  public let model: any Model
  package let architecture: any Architecture
  /// The numbers.
  public var weights: ParameterStore
  /// The classes in the order of the logits, if they are known.
  public var classNames: [String]?
  /// The preset that the model was made from, if any.
  public var name: String?
  /// How inputs were normalised in training; nil where it is not known. Images are then normalised
  /// as those of published weights mostly are, by ImageNet's mean and deviation.
  public var normalization: ChannelStatistics?
  /// The share of a resized image's shorter side that evaluation keeps; nil where it is not known.
  public var cropRatio: Double?
  /// How images are resized for evaluation; nil where it is not known.
  public var interpolation: Interpolation?
  /// Of a model of clips, the frames of a clip from one that it sees to the next; nil where it is
  /// not known.
  public var frameStride: Int?
  /// Which weights are pruned, if any are: they are 0, and stay so in a training that is resumed.
  public var masks: ParameterMasks?
  /// What whoever loads the file should know: a prefix that was dropped, tensors that were left,
  /// converted types, a position embedding that was resampled, numbers that are not finite.
  public package(set) var warnings: [String] = []

  /// A model to be saved.
  ///
  /// - Throws: `ConfigurationError` if the architecture describes no model.
  public init(
    _ architecture: any Architecture, _ weights: ParameterStore, classNames: [String]? = nil,
    name: String? = nil, normalization: ChannelStatistics? = nil
  ) throws(ConfigurationError) {
    let model = try architecture.makeModel()
    let tree = ParameterTree(model)  // of parameters of its own, which the numbers are now of
    let fit = weights.tree.names == tree.names && weights.tree.hasShapes(of: tree)
    self.init(
      model, architecture, fit ? ParameterStore(tree, weights.values) : weights, classNames, name,
      normalization)
  }

  /// A vision transformer to be saved.
  public init(
    _ model: VisionTransformer, _ weights: ParameterStore, classNames: [String]? = nil,
    name: String? = nil, normalization: ChannelStatistics? = nil
  ) {
    self.init(model, model.configuration, weights, classNames, name, normalization)
  }

  /// A model that was trained, to be saved.
  package init(
    _ model: any VisionModel, _ weights: ParameterStore, classNames: [String]?, name: String?,
    normalization: ChannelStatistics?
  ) {
    self.init(model, model.architecture, weights, classNames, name, normalization)
  }

  private init(
    _ model: any Model, _ architecture: any Architecture, _ weights: ParameterStore,
    _ classNames: [String]?, _ name: String?, _ normalization: ChannelStatistics?
  ) {
    (self.model, self.architecture, self.weights) = (model, architecture, weights)
    (self.classNames, self.name, self.normalization) = (classNames, name, normalization)
  }

  /// The structure as what it is.
  ///
  /// - Throws: `WeightsError` if it is another kind of model.
  public func model<Kind: Model>(as kind: Kind.Type = Kind.self) throws(WeightsError) -> Kind {
    if let model = model as? Kind { return model }
    func described(_ kind: any Model.Type) -> String {
      kind == VisionTransformer.self
        ? "of images" : kind == TimeSformer.self ? "of clips" : "\(kind)"
    }
    throw WeightsError(
      path: path,
      reason:
        "its model is \(described(type(of: model))), and one \(described(Kind.self)) is needed")
  }

  package var transformer: VisionTransformer {
    get throws(WeightsError) { try model(as: VisionTransformer.self) }
  }

  private var path = "the model"  // the file that it was read from, for messages

  /// What a caller says of a file: needed for files without metadata, checked for others, but for
  /// the size of the images, which the caller may choose.
  public struct Description: Sendable {
    package var name: String?
    package var (imageHeight, imageWidth): (Int?, Int?)
    package var patchSize: Int?
    let heads: Int?
    package let frames: Int?

    /// A description; nothing is said of what is left out.
    ///
    /// - Parameters:
    ///   - name: a preset; see `ViTConfiguration.presetNames`.
    ///   - imageHeight: pixels.
    ///   - imageWidth: pixels.
    ///   - patchSize: pixels.
    ///   - heads: their number, for files that do not say which model they are of: shapes do not
    ///     tell it, but of GPSA.
    ///   - frames: of a clip, for models of clips.
    public init(
      name: String? = nil, imageHeight: Int? = nil, imageWidth: Int? = nil, patchSize: Int? = nil,
      heads: Int? = nil, frames: Int? = nil
    ) {
      (self.name, self.patchSize, self.heads, self.frames) = (name, patchSize, heads, frames)
      (self.imageHeight, self.imageWidth) = (imageHeight, imageWidth)
    }

    func applied(to configuration: ViTConfiguration) -> ViTConfiguration {
      var configuration = sized(configuration)
      configuration.patchSize = patchSize ?? configuration.patchSize
      return configuration
    }

    func sized(_ configuration: ViTConfiguration) -> ViTConfiguration {
      var configuration = configuration
      configuration.imageHeight = imageHeight ?? configuration.imageHeight
      configuration.imageWidth = imageWidth ?? configuration.imageWidth
      return configuration
    }
  }

  /// The model in a file, exactly as the file and `description` say.
  ///
  /// A file that this package wrote says itself what model it is. For any other the description
  /// names the preset, and the number of classes follows from the head; without a name it is the
  /// model of no preset that the shapes describe, if they leave no choice. For images of another
  /// size than the file's, its position embedding is resampled.
  ///
  /// - Parameters:
  ///   - path: the file, or a folder with one.
  ///   - description: what the file does not say itself.
  ///   - architectures: kinds of models of your own that the file may be of.
  public init(
    contentsOf path: String, as description: Description = Description(),
    architectures: [any Architecture.Type] = []
  ) throws {
    try self.init(WeightsSource.open(path), at: path, as: description, architectures)
  }

  /// The same of a file that is open; `path` is what it is called in errors about its model.
  package init(
    _ file: any TensorFile, at path: String, as description: Description,
    _ architectures: [any Architecture.Type] = []
  ) throws {
    let file = try WeightsFile(file)
    let stored = try WeightsMetadata(file, architectures)
    let named = stored.name ?? description.name
    if let clips = try stored.clipsConfiguration(description, file) {
      let model = try Self.naming(path) { () throws(ConfigurationError) in try TimeSformer(clips) }
      let (weights, notes) = try model.weights(
        from: file, stored: stored.architecture as? TimeSformerConfiguration)
      let normalization = stored.architecture == nil ? .clips : stored.normalization
      self.init(model, clips, weights, stored.classNames, named, normalization)
      warnings =
        (stored.architecture == nil
          ? ["the file does not say which model it is; by its shapes it has \(clips.text)"] : [])
        + notes
    } else if let own = stored.architecture, stored.configuration == nil {
      let model = try Self.naming(path) { () throws(ConfigurationError) in try own.makeModel() }
      let weights = try ParameterStore.load(
        ParameterTree(model), from: file, start: .zeros(ParameterTree(model))
      ).weights
      self.init(model, own, weights, stored.classNames, named, stored.normalization)
    } else {
      let configuration = try stored.configuration(description, file)
      let model = try Self.naming(path) { () throws(ConfigurationError) in
        try VisionTransformer(configuration)
      }
      let (weights, warnings) = try model.weights(from: file, stored: stored.configuration)
      self.init(model, configuration, weights, stored.classNames, named, stored.normalization)
      self.warnings = warnings
      if stored.configuration == nil, description.name == nil {
        self.warnings.insert(
          "the file does not say which model it is; by its shapes it has "
            + configuration.shapeText, at: 0)
      }
    }
    self.path = path
    warnings = file.nameNotes + stored.notes + warnings
    takeInputs(from: stored)
    masks = try ParameterMasks(in: file, of: weights.tree)
    if let reason = normalizationFault ?? namesFault { throw file.error(reason) }
    if let note = file.conversionNote(weights.tree) { warnings.append(note) }
    if let note = weights.nonFiniteNote { warnings.append(note) }
  }

  /// How images are made ready, as the file says, or as for the preset's published weights.
  private mutating func takeInputs(from stored: WeightsMetadata) {
    (cropRatio, interpolation) = (stored.cropRatio, stored.interpolation)
    frameStride = stored.frameStride
    guard normalization == nil, let preset = name.flatMap({ try? Preset.named($0) }),
      model.input.rank == 3, model.input[0] == 3
    else { return }
    normalization = preset.normalization
    cropRatio = cropRatio ?? preset.cropRatio
  }

  /// What `make` makes; an error in it is one of a file.
  private static func naming<Kind>(
    _ path: String, _ make: () throws(ConfigurationError) -> Kind
  ) throws(WeightsError) -> Kind {
    do {
      return try make()
    } catch {
      throw WeightsError(path: path, reason: error.message)
    }
  }

  /// Writes the weights with all that is needed to load them, replacing the file as a whole.
  ///
  /// - Throws: `WeightsError` where the file could not be read again: for weights of another model,
  ///   for more names than classes, a name that is there twice, and other channels;
  ///   `TensorFileError` if it cannot be written.
  public func write(to path: String) throws {
    try write(weights.outputTensors, metadata: [:], to: path)
  }

  /// Writes tensors in the place of the weights, with what else is known of the model.
  package func write(
    _ tensors: [OutputTensor], metadata: [String: String], to path: String
  ) throws {
    if let reason = inconsistency { throw WeightsError(path: path, reason: reason) }
    try SafetensorsWriter.write(
      tensors + (masks?.outputTensors ?? []),
      metadata: try WeightsMetadata(self).strings.merging(metadata) { $1 }, to: path)
  }

  private var inconsistency: String? {
    let tree = ParameterTree(model)
    if weights.tree.names != tree.names || !weights.tree.hasShapes(of: tree) {
      return "cannot write it: the weights are of another model (\(weights.tree.count) tensors, "
        + "\(weights.tree.elementCount) numbers) than the structure (\(tree.count) tensors, "
        + "\(tree.elementCount) numbers)"
    }
    // A model of which a part was replaced is not what its architecture makes again.
    guard let again = try? architecture.makeModel(), case let made = ParameterTree(again),
      made.names == tree.names, made.hasShapes(of: tree)
    else {
      return "cannot write it: the model is not what its architecture makes, so that it could not "
        + "be read again; write its weights alone: var snapshot = Snapshot(), "
        + "snapshot.put(weights, as: \"model\"), try snapshot.write(to: path)"
    }
    guard masks.map({ $0.tree.hasShapes(of: tree) }) ?? true else {
      return "cannot write it: the masks are of another model"
    }
    return (normalizationFault ?? namesFault).map { "cannot write it: \($0)" }
  }

  private var normalizationFault: String? {
    model.input.rank < 3 ? nil : normalization?.fault(channels: model.input[-3])
  }

  private var namesFault: String? {
    guard let names = classNames else { return nil }
    if let classes = architecture.outputCount, names.count > classes {
      return "\(names.count) class names for \(classes) classes"
    }
    // By bytes: to Swift, an accent is the same however it is spelled.
    let different = Set(names.map { Array($0.utf8) }).count
    return different < names.count ? "a class name is there twice" : nil
  }
}
