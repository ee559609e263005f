import ConViT

extension TrainingConfiguration {
  /// What was given, over the defaults; where it has weights to start from but no model, over the
  /// defaults with the shape of theirs.
  ///
  /// Nothing is taken from the file if the shape is as asked already, or the weights are used in
  /// part; a file that cannot be opened is for `Trainer` to report.
  ///
  /// - Throws: what `given` does, and `WeightsError` for a file whose model is not that of the
  ///   defaults, and cannot be told.
  ///
  /// - Parameter given: puts what was given in the place of a configuration's values.
  /// - Returns: the configuration, and what is to be said about it.
  package static func shapedByWeights(
    _ given: (TrainingConfiguration) throws -> TrainingConfiguration
  ) throws -> (configuration: TrainingConfiguration, note: String?) {
    let asked = try given(TrainingConfiguration())
    var nameless = TrainingConfiguration()
    nameless.model = ""
    guard let path = asked.finetune, !asked.partial, try given(nameless).model.isEmpty,
      let file = try? WeightsFile(contentsOf: path)
    else { return (asked, nil) }
    let own = try? asked.modelConfiguration(classes: 1)
    guard let model = try? file.configuration else {
      if let reason = file.namelessReason(unlike: own) {
        throw WeightsError(path: path, reason: reason)
      }
      return (asked, nil)
    }
    guard own.map({ model.difference(from: $0) != nil }) ?? true else { return (asked, nil) }
    var defaults = TrainingConfiguration()
    defaults.takeShape(of: model)
    let shaped = try given(defaults)
    return (shaped, "no model is given, so it is that of \(path): \(shaped.shape(model))")
  }

  /// Replaces what describes a model by what describes this one, as far as settings can.
  private mutating func takeShape(of model: ViTConfiguration) {
    if let preset = model.presetName {
      architecture.model = preset
    } else {
      let deit = model.isDistilled ? "deit_tiny_distilled_patch16_224" : "deit_tiny_patch16_224"
      architecture.model = model.family == .convit ? "convit_tiny" : deit
      (architecture.heads, architecture.headDim) = (model.heads, model.embedDim / model.heads)
      architecture.depth = model.depth
      architecture.localUpToLayer = model.family == .convit ? model.localUpToLayer : nil
      if model.localUpToLayer > 0, !model.isGated { ablation.gate = .absent }
      ablation.posEmbed = model.usePosEmbed
    }
    (architecture.patchSize, architecture.channels) = (model.patchSize, model.channels)
    let size = InputSize("\(model.imageHeight)x\(model.imageWidth)")
    architecture.inputSize = size ?? architecture.inputSize
  }

  /// "convit_tiny, patches of 16 pixels, images of 224".
  private func shape(_ model: ViTConfiguration) -> String {
    "\(model.shapeText), images of \(architecture.inputSize)"
  }
}
