import Images

extension TrainingConfiguration {
  /// What training images go through.
  func trainingTransform() throws(TrainingError) -> any ImageTransform {
    try augmentation.transform(size: architecture.inputSize.size)
  }

  /// Throws what is wrong with the values, before any data is touched.
  public func validate() throws(TrainingError) {
    try validateParts()
    let side = max(architecture.inputSize.size.height, architecture.inputSize.size.width)
    try require(
      augmentation.trainInterpolation == .bicubic || augmentation.policyText != nil
        || (augmentation.augment && !augmentation.src && side > 32),
      "train-interpolation is for random resized crops, above 32 pixels and without src, and for "
        + "aa, all with augment")
  }
}
