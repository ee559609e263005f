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
}
