import ConViT
import Training

extension TrainingConfiguration {
  /// The model to train on data of `classes` classes.
  ///
  /// - Throws: `TrainingError` for values that describe no model.
  package func modelConfiguration(classes: Int) throws -> ViTConfiguration {
    var model = try architecture.configuration(classes: classes)
    try ablation.apply(to: &model)
    return model
  }
}

extension ModelSettings {
  /// The model before anything is taken away from it.
  func configuration(classes: Int) throws -> ViTConfiguration {
    do {
      var preset = try ViTConfiguration.preset(of: model)
      if preset.localUpToLayer == 0, let localUpToLayer, localUpToLayer > 0 {
        throw TrainingError(
          unused: "local-up-to-layer",
          "local-up-to-layer is for ConViT models only, not for \(model)")
      }
      let width = headDim ?? preset.embedDim / preset.heads
      preset.heads = heads ?? preset.heads
      preset.embedDim = width * preset.heads
      preset.depth = depth ?? preset.depth
      preset.localUpToLayer = localUpToLayer ?? min(preset.localUpToLayer, max(preset.depth - 1, 0))
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
