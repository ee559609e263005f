import ConViT
import Images
import Training

/// The model, and what it starts from.
package struct ModelSettings: Settings {
  /// A preset; what follows replaces parts of it.
  package var model = "convit_tiny"
  package var inputSize = InputSize("224")!
  /// 3 for colours, or 1: images are read as grey. All augmentations go with grey images; those of
  /// colours alone (saturation, of color-jitter too) leave them what they are.
  package var channels = 3
  package var patchSize = 16
  package var heads: Int?
  package var headDim: Int?
  package var mlpRatio: Float?
  /// Features of a token, where they are not those of all heads together.
  package var dim: Int?
  /// Heads and hidden units of each block, where blocks differ.
  package var headsByLayer: [Int]?
  package var hiddenByLayer: [Int]?
  package var depth: Int?
  package var localUpToLayer: Int?
  package var localityStrength: Float = 1
  /// What the head reads, if not what the preset's does.
  package var globalPool: GlobalPool?
  /// Frames of a clip, for models of clips: with them, one of images becomes one.
  package var frames: Int?
  package var attention: TimeSformerConfiguration.Scheme?
  package var nbClasses: Int?
  /// Dropout after the embedding, projections and MLP layers.
  package var drop: Float = 0
  /// Dropout of the attention's elements, in GPSA after the gate.
  package var attnDrop: Float = 0
  /// Stochastic depth of the last block; it grows linearly from 0 at the first.
  package var dropPath: Float = 0.1
  package var finetune: String?
  package var ticket: String?
  package var partial = false

  package init() {}

  /// What the head reads, by timm's names.
  package enum GlobalPool: String, Hashable, Sendable, Codable, CaseIterable {
    /// The class token.
    case token
    /// The mean over the patches. A class token stays among the keys, but in a ConViT all of whose
    /// blocks are GPSA, where it would never join.
    case avg
  }

  /// The file of the weights to start from, and the setting that names it.
  package var startFile: (key: String, path: String)? {
    ticket.map { ("ticket", $0) } ?? finetune.map { ("finetune", $0) }
  }

  package func validate() throws(TrainingError) {
    try requireCounts([
      "patch-size": patchSize, "nb-classes": nbClasses, "heads": heads, "head-dim": headDim,
      "depth": depth, "dim": dim, "frames": frames,
    ])
    try requireUse(
      of: "attention", attention == nil || isOfClips,
      "attention is for models of clips: frames makes one of \(model)")
    try require(
      heads == nil || headsByLayer == nil || heads == headsByLayer?.max(),
      "heads must be the most of heads-by-layer, or left out, found \(heads ?? 0)")
    try require([1, 3].contains(channels), "channels must be 1 or 3, found \(channels)")
    try require(
      mlpRatio.map { $0 > 0 && $0 <= 64 } ?? true,
      "mlp-ratio must be above 0 and at most 64, found \(mlpRatio ?? 0)")
    for (name, rate) in [("drop", drop), ("attn-drop", attnDrop), ("drop-path", dropPath)] {
      try require((0..<1).contains(rate), "\(name) must be in 0 ..< 1, found \(rate)")
    }
    try require(
      localityStrength.isFinite && localityStrength > 0,
      "locality-strength must be positive, found \(localityStrength)")
    try requireUse(
      of: "partial", !partial || finetune != nil,
      "partial is about a weights file: finetune is missing")
    try require(
      ticket == nil || finetune == nil,
      "ticket and finetune are two files of weights to start from: leave out one")
  }
}

extension TrainingConfiguration {
  /// The model of images to train on data of `classes` classes.
  ///
  /// - Throws: `TrainingError` if the settings are of no model, or of one of clips.
  package func modelConfiguration(classes: Int) throws -> ViTConfiguration {
    let model = try makeModel(classes: classes)
    guard let configuration = model.architecture as? ViTConfiguration else {
      throw TrainingError(
        usage: "model \(architecture.model) with frames is one of clips, and images are asked for")
    }
    return configuration
  }

  /// The model to train on data of `classes` classes: of images, or of clips.
  package func makeModel(classes: Int) throws -> any VisionModel {
    var image = try architecture.configuration(classes: classes)
    try ablation.apply(to: &image)
    guard architecture.isOfClips else { return try VisionTransformer(image) }
    let preset = try architecture.clipPreset()
    do {
      return try TimeSformer(
        TimeSformerConfiguration(
          image, frames: architecture.frames ?? preset?.frames ?? 8,
          scheme: architecture.attention ?? preset?.scheme ?? .divided))
    } catch {
      throw TrainingError(usage: error.message)
    }
  }

  /// What the model takes.
  package var kind: ExampleKind { architecture.isOfClips ? .clips : .images }
}

extension ModelSettings {
  /// Whether the model takes clips.
  var isOfClips: Bool { frames != nil || namesClips }

  private var namesClips: Bool { model.hasPrefix(TimeSformerConfiguration.name) }

  /// The preset of a model of clips; nil if the name is one of images.
  func clipPreset() throws(ConfigurationError) -> TimeSformerConfiguration? {
    namesClips ? try .preset(of: model) : nil
  }

  /// The model before anything is taken away from it; of clips, that of their frames.
  func configuration(classes: Int) throws -> ViTConfiguration {
    do {
      var preset = try clipPreset()?.image ?? .preset(of: model)
      if preset.localUpToLayer == 0, let localUpToLayer, localUpToLayer > 0 {
        throw TrainingError(
          unused: "local-up-to-layer",
          "local-up-to-layer is for ConViT models only, not for \(model)")
      }
      guard mlpRatio == nil || hiddenByLayer == nil else {
        throw TrainingError(
          usage:
            "mlp-ratio and hidden-by-layer both say how many hidden units there are: leave out "
            + "one")
      }
      let width = headDim ?? preset.embedDim / preset.heads
      preset.heads = heads ?? headsByLayer?.max() ?? preset.heads
      preset.embedDim = dim ?? width * preset.heads
      preset.headDim = preset.embedDim == width * preset.heads ? nil : width
      preset.mlpRatio = mlpRatio ?? preset.mlpRatio
      preset.depth = depth ?? preset.depth
      (preset.headsByLayer, preset.hiddenDimByLayer) = (headsByLayer, hiddenByLayer)
      preset.localUpToLayer = localUpToLayer ?? min(preset.localUpToLayer, max(preset.depth - 1, 0))
      if let globalPool { globalPool.apply(to: &preset) }
      guard preset.localUpToLayer > 0 || localityStrength == 1 else {
        throw TrainingError(
          unused: "locality-strength", "locality-strength is for models that have GPSA blocks")
      }
      if preset.localUpToLayer > 0 { preset.start = .convolutional(strength: localityStrength) }
      (preset.imageHeight, preset.imageWidth) = (inputSize.size.height, inputSize.size.width)
      (preset.patchSize, preset.channels) = (patchSize, channels)
      preset.classes = nbClasses ?? classes
      preset.dropRate = drop
      preset.attnDropRate = attnDrop
      preset.dropPathRate = dropPath
      try preset.validate()
      return preset
    } catch let error as ConfigurationError {
      throw TrainingError(usage: error.message)
    }
  }
}

extension ModelSettings.GlobalPool {
  /// As timm's argument of the same name: a ViT's last normalisation then follows the mean. A
  /// preset that has this pooling stays as it is.
  fileprivate func apply(to model: inout ViTConfiguration) {
    guard model.pooling != (self == .avg ? .average : .token) else { return }
    model.pooling = self == .avg ? .average : .token
    model.keepsClassToken = self == .avg && model.localUpToLayer < model.depth
    model.normFollowsPooling = self == .avg && model.family == .vit
  }
}
