import Images

extension TrainingConfiguration {
  /// What training images go through.
  func trainingTransform() -> any ImageTransform {
    let size = architecture.inputSize.size
    return augmentation.augment
      ? TrainingTransform(size: size, resamplings: augmentation.trainInterpolation.resamplings)
      : EvaluationTransform(size: size)
  }

  /// The settings with as many epochs as `scaleEpochs` makes of them, and without it: as many more
  /// as a run sees fewer images in each. The warm-up is not longer for it.
  public var scaled: TrainingConfiguration {
    var scaled = self
    if data.scaleEpochs, data.samplingRatio > 0 {
      scaled.epochs = Int((Double(schedule.epochs) / data.samplingRatio).rounded())
    }
    scaled.scaleEpochs = false
    return scaled
  }

  /// Throws what is wrong with the values, before any data is touched.
  public func validate() throws(TrainingError) {
    try validateParts()
    let epochs = scaled.epochs
    try require(
      epochs <= 1_000_000, "scale-epochs makes \(epochs) epochs, of which there can be 1000000")
    let side = max(architecture.inputSize.size.height, architecture.inputSize.size.width)
    try require(
      augmentation.trainInterpolation == .bicubic || (augmentation.augment && side > 32),
      "train-interpolation is for random resized crops: with augment, and above 32 pixels")
  }
}
