import Images

extension TrainingConfiguration {
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
  }
}
