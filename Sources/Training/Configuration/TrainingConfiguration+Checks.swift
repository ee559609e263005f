import Images

extension TrainingConfiguration {
  /// The order of the training images in each epoch.
  var sampleOrder: SampleOrder {
    SampleOrder(
      seed: running.seed, isShuffled: data.shuffle, repeats: data.repeatedAug ? 3 : 1)
  }

  /// What training images go through.
  func trainingTransform() -> any ImageTransform {
    let size = architecture.inputSize.size
    return augmentation.augment
      ? TrainingTransform(size: size, resamplings: augmentation.trainInterpolation.resamplings)
      : EvaluationTransform(size: size)
  }

  /// Throws what is wrong with the values, before any data is touched.
  public func validate() throws(TrainingError) {
    try validateParts()
    let side = max(architecture.inputSize.size.height, architecture.inputSize.size.width)
    try require(
      augmentation.trainInterpolation == .bicubic || (augmentation.augment && side > 32),
      "train-interpolation is for random resized crops: with augment, and above 32 pixels")
  }
}
