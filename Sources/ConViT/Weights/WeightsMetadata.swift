import Autodiff
import Files
import Foundation
import Safetensors

struct WeightsMetadata {
  var name: String?
  var architecture: (any Architecture)?  // if the file says what its model is made from
  let classNames: [String]?
  let normalization: ChannelStatistics?
  var cropRatio: Double?
  var interpolation: Interpolation?
  var frameStride: Int?
  var notes: [String] = []  // what is to be said about where this is from

  var configuration: ViTConfiguration? { architecture as? ViTConfiguration }

  init(_ saved: SavedModel) {
    (name, architecture) = (saved.name, saved.architecture)
    (classNames, normalization) = (saved.classNames, saved.normalization)
    (cropRatio, interpolation) = (saved.cropRatio, saved.interpolation)
    frameStride = saved.frameStride
  }

  /// What a file says; `architectures` are known beside vision transformers.
  ///
  /// Where the file says nothing, a `config.json` beside it may, if it is of a model like the
  /// file's.
  init(_ file: WeightsFile, _ architectures: [any Architecture.Type] = []) throws {
    if file.metadata["configuration"] == nil, file.metadata["architecture"] == nil,
      let hub = try HubConfiguration(beside: file.path)
    {
      let difference = file.differences(from: hub.configuration).first
      notes = [
        difference.map { "its config.json is not used, as the weights have \($0)" }
          ?? "its config.json says which model it is: \(hub.text)"
      ]
      if difference == nil {
        (name, architecture) = (hub.name, hub.architecture)
        (classNames, normalization) = (hub.classNames, hub.normalization)
        (cropRatio, interpolation) = (hub.cropRatio, hub.interpolation)
        notes += hub.notes
        return
      }
    }
    func decode<T: Decodable>(_ key: String, _ type: T.Type) throws -> T? {
      guard let text = file.metadata[key] else { return nil }
      do {
        return try JSONDecoder().decode(type, from: Data(text.utf8))
      } catch {
        throw file.error("the metadata entry '\(key)' is not as expected")
      }
    }
    if file.metadata["configuration"] == nil, let theirs = file.torchvisionModel,
      var known = file.shapedConfiguration(heads: theirs.configuration.heads)
    {
      known.classes = file.info("head.weight")?.shape.first ?? known.classes
      (name, architecture, classNames) = (theirs.name, known, nil)
      (normalization, cropRatio, interpolation) = (theirs.normalization, 0.875, .bilinear)
      return
    }
    name = file.metadata["model"]
    let kind = file.metadata["architecture"] ?? ViTConfiguration.name
    let kinds: [any Architecture.Type] =
      [ViTConfiguration.self, TimeSformerConfiguration.self] + architectures
    guard let known = kinds.first(where: { $0.name == kind }) else {
      throw file.error(
        "its model is of the kind '\(kind.printable(limit: 60))', which is not known here")
    }
    architecture = try decode("configuration", known)
    guard architecture != nil || known == ViTConfiguration.self else {
      throw file.error("the metadata entry 'configuration' is missing")
    }
    do {
      try (architecture as? ViTConfiguration)?.validate()
      try (architecture as? TimeSformerConfiguration)?.validate()
    } catch {
      throw file.error(error.message)
    }
    classNames = try decode("class_names", [String].self)
    normalization = try decode("normalization", ChannelStatistics.self)
    (cropRatio, interpolation) = (
      try decode("crop_ratio", Double.self), try decode("interpolation", Interpolation.self)
    )
    guard cropRatio.map({ $0 > 0 && $0 <= 1 }) ?? true else {
      throw file.error("the metadata entry 'crop_ratio' is not as expected")
    }
    frameStride = try decode("frame_stride", Int.self)
    guard frameStride.map((1...1_000_000).contains) ?? true else {
      throw file.error("the metadata entry 'frame_stride' is not as expected")
    }
  }

  var strings: [String: String] {
    get throws {
      var strings = ["format": "pt"]
      strings["model"] = name
      if let architecture {
        strings["configuration"] = try JSON.text(architecture)
        if configuration == nil { strings["architecture"] = type(of: architecture).name }
      }
      strings["class_names"] = try classNames.map { try JSON.text($0) }
      strings["normalization"] = try normalization.map { try JSON.text($0) }
      strings["crop_ratio"] = try cropRatio.map { try JSON.text($0) }
      strings["frame_stride"] = frameStride.map(String.init)
      strings["interpolation"] = try interpolation.map { try JSON.text($0) }
      return strings
    }
  }

  /// The same of a model of clips; nil if the file is of another.
  func clipsConfiguration(
    _ description: SavedModel.Description, _ file: WeightsFile
  ) throws -> TimeSformerConfiguration? {
    let stored = architecture as? TimeSformerConfiguration
    let found = try architecture == nil ? file.clipsConfiguration(description) : stored
    let isAsked = description.name.map(TimeSformerConfiguration.presetNames.contains) ?? false
    guard let found else {
      guard !isAsked, description.frames == nil else {
        throw file.error("its model is of images, and one of clips is asked for")
      }
      return nil
    }
    guard description.name == nil || isAsked || description.name == name else {
      throw file.error("its model is one of clips (\(found.text)), not as asked")
    }
    if isAsked, let asked = description.name, asked != name,
      let difference = found.image.difference(
        from: try TimeSformerConfiguration.preset(of: asked).image)
    {
      throw file.error(difference)
    }
    do {
      return try found.sized(description)
    } catch {
      throw file.error(error.message)
    }
  }

  /// The configuration that the file has, or that the description gives it; they must not differ
  /// but in the size of the images, which is the description's.
  func configuration(_ description: SavedModel.Description, _ file: WeightsFile) throws
    -> ViTConfiguration
  {
    guard let stored = configuration else {
      guard let name = description.name else {
        guard let shaped = file.modelWithoutName(heads: description.heads) else {
          throw file.error(file.namelessReason)
        }
        return description.applied(to: shaped)
      }
      var configuration = description.applied(to: try .preset(of: name))
      configuration.classes = file.info("head.weight")?.shape.first ?? configuration.classes
      return configuration
    }
    var expected = stored
    if let name = description.name, name != self.name {
      expected = try .preset(of: name)
      expected.classes = stored.classes
    }
    if let difference = stored.difference(from: description.applied(to: expected)) {
      let isName = stored.difference(from: description.applied(to: stored)) == nil
      throw file.error(difference + (isName ? "; without that name (--model) it is read" : ""))
    }
    return description.sized(stored)
  }
}

extension ViTConfiguration {
  /// What is not as in `other` of all that a model's weights depend on beside the sizes of its
  /// images and its head: "the file's model has depth 4, not 12 as asked"; nil if nothing is.
  package func difference(from other: ViTConfiguration) -> String? {
    func fields(_ c: ViTConfiguration) -> [(String, String)] {
      [
        ("embedding dimension", "\(c.embedDim)"), ("depth", "\(c.depth)"),
        ("heads", "\(c.heads)"), ("features of a head", "\(c.headFeatures)"),
        ("heads by layer", (0..<c.depth).map { "\(c.heads(inLayer: $0))" }.joined(separator: ",")),
        (
          "hidden units by layer",
          (0..<c.depth).map { "\(c.hiddenDim(inLayer: $0))" }.joined(separator: ",")
        ),
        ("local_up_to_layer", "\(c.localUpToLayer)"),
        ("patch size", "\(c.patchSize)"), ("channels", "\(c.channels)"),
        ("MLP ratio", "\(c.mlpRatio)"), ("distilled", "\(c.isDistilled)"),
        ("pooling", c.pooling.rawValue), ("class token", "\(c.hasClassToken)"),
        ("gated", "\(c.isGated)"),
        ("position embedding", "\(c.usePosEmbed)"), ("registers", "\(c.registers)"),
        ("places of tokens in it", "\(c.embedsTokens)"),
        ("layer scale", "\(c.layerScale != nil)"),
        ("normalisation behind the pooling", "\(c.normFollowsPooling)"),
      ]
    }
    let (preset, asked) = (presetName, other.presetName)
    if family != other.family || (preset != nil && asked != nil && preset != asked) {
      return
        "the file's model is \(preset ?? familyName), not \(asked ?? other.familyName) as asked"
    }
    return zip(fields(self), fields(other)).first { $0.1 != $1.1 }.map { ours, theirs in
      "the file's model has \(ours.0) \(ours.1), not \(theirs.1) as asked"
    }
  }

  private var familyName: String { family == .convit ? "a ConViT" : "a ViT or DeiT" }
}

extension WeightsFile {
  /// What the shapes are otherwise than in a model, but for its classes.
  func differences(from configuration: ViTConfiguration) -> [String] {
    guard let tree = try? ParameterTree(VisionTransformer(configuration)) else { return [] }
    var expected = ModelShape { name in
      tree.slot(named: name).map { tree.parameters[$0].shape.sizes }
    }
    expected.classes = nil
    return ModelShape(self).differences(from: expected)
  }
}
