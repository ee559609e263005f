import Autodiff
import ConViT
import Training

extension TrainingConfiguration {
  /// The order of the training images in each epoch.
  var sampleOrder: SampleOrder {
    SampleOrder(
      seed: running.seed, isShuffled: data.shuffle, repeats: data.repeatedAug ? 3 : 1)
  }

  /// How steps of a model are cut.
  func shards(for model: some Model) -> Shards {
    Shards(
      for: model, batchSize: schedule.stepSize, size: running.shardSize, lanes: running.lanes)
  }

  /// Throws what is wrong with the values, before any data is touched.
  package func validate() throws(TrainingError) {
    try validateParts()
    let epochs = scaledEpochs
    try require(
      epochs <= 1_000_000, "scale-epochs makes \(epochs) epochs, of which there can be 1000000")
    if architecture.finetune != nil, !architecture.partial {
      let start = ablation.start + (architecture.localityStrength == 1 ? [] : ["locality-strength"])
      try require(
        start.isEmpty,
        "\(start.joined(separator: ", ")): of the start, which finetune takes from a file")
    }
    try require(
      [data.mean, data.std].allSatisfy { [nil, 1, architecture.channels].contains($0?.count) },
      "mean and std must be one number, or one a channel, of which there are "
        + "\(architecture.channels)")
    let side = max(architecture.inputSize.size.height, architecture.inputSize.size.width)
    try require(
      loss.mixupOffEpoch < schedule.epochs,
      "mixup-off-epoch must be below epochs, which is \(schedule.epochs), found "
        + "\(loss.mixupOffEpoch)")
    if let ratios = loss.cutmixMinmax {
      let size = architecture.inputSize.size
      try require(
        [size.height, size.width].allSatisfy { !Mixing.lengths(ratios, of: $0).isEmpty },
        "cutmix-minmax \(ratios) leaves no choice of a box in images of "
          + "\(architecture.inputSize) pixels")
    }
    try require(
      augmentation.trainInterpolation == .bicubic || augmentation.policyText != nil
        || (augmentation.augment && !augmentation.src && side > 32),
      "train-interpolation is for random resized crops, above 32 pixels and without src, and for "
        + "aa, all with augment")
  }

  /// Throws what is wrong with the model, what is to be trained of it and how images are read,
  /// whatever the data are.
  func validateModel() throws {
    _ = try data.decoder()
    let model = try modelConfiguration(classes: 1)
    _ = try trainedOptimizer(of: model).frozen(in: ParameterTree(VisionTransformer(model)))
    try validateDistillation(of: model)
  }
}
