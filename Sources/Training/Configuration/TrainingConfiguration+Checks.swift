import Images

extension TrainingConfiguration {
  /// What training images go through.
  func trainingTransform() -> any ImageTransform {
    let size = architecture.inputSize.size
    return augmentation.augment
      ? TrainingTransform(size: size, resamplings: augmentation.trainInterpolation.resamplings)
      : EvaluationTransform(size: size)
  }

  /// The epochs of a run: as many more with `scaleEpochs` as it sees fewer images in each.
  var scaledEpochs: Int {
    guard data.scaleEpochs, data.samplingRatio > 0 else { return schedule.epochs }
    return Int((Double(schedule.epochs) / data.samplingRatio).rounded())
  }

  /// Throws what is wrong with the values, before any data is touched.
  public func validate() throws(TrainingError) {
    try validateParts()
    try require(
      scaledEpochs <= 1_000_000,
      "scale-epochs makes \(scaledEpochs) epochs, of which there can be 1000000")
    let side = max(architecture.inputSize.size.height, architecture.inputSize.size.width)
    try require(
      augmentation.trainInterpolation == .bicubic || (augmentation.augment && side > 32),
      "train-interpolation is for random resized crops: with augment, and above 32 pixels")
  }
}
