import ConViT
import Training
import Yams

extension TrainingConfiguration {
  /// The configuration without those values of a file that have no use beside what flags say, and
  /// notes about them.
  ///
  /// A file that is right by itself does not stand in the way of a flag: `--model deit_…` over a
  /// config with `local-up-to-layer`, `--locality-every 0` over one with `locality-sample`. What
  /// was given as a flag stays, and is an error if it has no use.
  package func withoutUnused(
    of file: TrainingConfiguration, from path: String
  ) throws -> (configuration: TrainingConfiguration, notes: [String]) {
    guard file.unused() == nil else { return (self, []) }
    let defaults = TrainingConfiguration()
    var configuration = self
    var notes: [String] = []
    while let fault = configuration.unused(), let key = fault.unusedKey,
      try !differences(from: file).contains(where: { $0.key == key }),
      try configuration.differences(from: defaults).contains(where: { $0.key == key })
    {
      notes.append("\(path): '\(key)' is left out beside the flags: \(fault.message)")
      configuration = try TrainingConfiguration(
        settings: [(key, Node("~", .implicit, .plain))], of: path, over: configuration)
    }
    return (configuration, notes)
  }

  /// The first value without a use, if that is what is wrong.
  private func unused() -> TrainingError? {
    do {
      try validate()
      _ = try makeModel(classes: 1)
      return nil
    } catch let error as TrainingError {
      return error.unusedKey == nil ? nil : error
    } catch {
      return nil
    }
  }

  /// What was given, over the defaults and the preset's sizes of images and patches; where it has
  /// weights to start from but no model, over the defaults with the shape of theirs.
  ///
  /// Nothing is taken from the file if the shape is as asked already, or the weights are used in
  /// part; a file that cannot be opened is for `Trainer` to report.
  package static func shapedByWeights(
    _ given: (TrainingConfiguration) throws -> TrainingConfiguration
  ) throws -> (configuration: TrainingConfiguration, note: String?) {
    var sized = TrainingConfiguration()
    sized.takeSizes(of: try given(sized).model)
    let asked = try given(sized)
    var nameless = TrainingConfiguration()
    nameless.model = ""
    guard let path = asked.architecture.startFile?.path, !asked.partial,
      try given(nameless).model.isEmpty,
      let file = try? WeightsFile(contentsOf: path)
    else { return (asked, nil) }
    let own = try? asked.makeModel(classes: 1).image
    if let clips = try? file.clipsConfiguration {
      var defaults = TrainingConfiguration()
      defaults.takeShape(of: clips)
      defaults.frameStride = (try? file.frameStride) ?? defaults.frameStride
      return (
        try given(defaults), "no model is given, so it is that of \(path): \(clips.text)"
      )
    }
    guard let model = try? file.configuration else {
      if let reason = file.namelessReason(unlike: own) {
        throw WeightsError(path: path, reason: reason)
      }
      return (asked, nil)
    }
    guard own.map({ model.difference(from: $0) != nil }) ?? true else { return (asked, nil) }
    let names = try file.presetNames
    var defaults = TrainingConfiguration()
    defaults.takeShape(of: model, named: names.first)
    let shaped = try given(defaults)
    let shape = "\(model.shapeText), images of \(shaped.inputSize)"
    let other = shaped.mean == nil || shaped.std == nil ? otherInputs(names) : ""
    return (shaped, "no model is given, so it is that of \(path): \(shape)\(other)")
  }

  /// What to say where the first of some presets is chosen, and others normalise images otherwise.
  private static func otherInputs(_ names: [String]) -> String {
    let statistics = names.map { try? Preset.named($0).normalization }
    guard let index = statistics.firstIndex(where: { $0 != statistics[0] }) else { return "" }
    return "; its shapes are also those of \(names[index]), whose images are normalised otherwise: "
      + "--model says which it is"
  }

  /// Replaces the sizes of images and patches by a preset's.
  private mutating func takeSizes(of name: String) {
    let clips = try? TimeSformerConfiguration.preset(of: name).image
    guard let preset = ViTConfiguration.preset(name) ?? clips else { return }
    architecture.patchSize = preset.patchSize
    let size = InputSize("\(preset.imageHeight)x\(preset.imageWidth)")
    architecture.inputSize = size ?? architecture.inputSize
  }

  /// The same by a model of clips.
  private mutating func takeShape(of clips: TimeSformerConfiguration) {
    takeShape(of: clips.image, named: nil)
    (architecture.frames, architecture.attention) = (clips.frames, clips.scheme)
  }

  /// Replaces what describes a model by what describes this one, as far as settings can.
  private mutating func takeShape(of model: ViTConfiguration, named name: String?) {
    if let preset = name ?? model.presetName {
      architecture.model = preset
    } else {
      let deit = model.isDistilled ? "deit_tiny_distilled_patch16_224" : "deit_tiny_patch16_224"
      architecture.model = model.family == .convit ? "convit_tiny" : deit
      architecture.takeBlocks(of: model)
      let isPlain = model.mlpRatio == 4 || model.hiddenDimByLayer != nil
      architecture.mlpRatio = isPlain ? nil : model.mlpRatio
      architecture.depth = model.depth
      architecture.localUpToLayer = model.family == .convit ? model.localUpToLayer : nil
      if model.localUpToLayer > 0, !model.isGated { ablation.gate = .absent }
      ablation.posEmbed = model.usePosEmbed
    }
    (architecture.patchSize, architecture.channels) = (model.patchSize, model.channels)
    let size = InputSize("\(model.imageHeight)x\(model.imageWidth)")
    architecture.inputSize = size ?? architecture.inputSize
  }
}

extension ModelSettings {
  /// Replaces what heads and hidden units there are by those of a model.
  mutating func takeBlocks(of model: ViTConfiguration) {
    (heads, headDim) = (model.heads, model.headFeatures)
    dim = model.headDim.map { _ in model.embedDim }
    (headsByLayer, hiddenByLayer) = (model.headsByLayer, model.hiddenDimByLayer)
  }
}
