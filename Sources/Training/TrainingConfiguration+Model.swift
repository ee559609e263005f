import ConViT
import Images

extension TrainingConfiguration {
  /// The model to train on data of `classes` classes.
  ///
  /// - Throws: `TrainingError` for values that describe no model.
  public func modelConfiguration(classes: Int) throws -> ViTConfiguration {
    do {
      var preset = try ViTConfiguration.preset(of: model)
      let width = headDim ?? preset.embedDim / preset.heads
      preset.heads = heads ?? preset.heads
      preset.embedDim = width * preset.heads
      preset.depth = depth ?? preset.depth
      preset.localUpToLayer = localUpToLayer ?? min(preset.localUpToLayer, max(preset.depth - 1, 0))
      guard preset.localUpToLayer > 0 || localityStrength == 1 else {
        throw TrainingError(usage: "locality-strength is for models that have GPSA blocks")
      }
      if preset.localUpToLayer > 0 { preset.start = .convolutional(strength: localityStrength) }
      (preset.imageHeight, preset.imageWidth) = (inputSize.size.height, inputSize.size.width)
      preset.patchSize = patchSize
      preset.classes = nbClasses ?? classes
      preset.dropRate = drop
      preset.dropPathRate = dropPath
      try preset.validate()
      return preset
    } catch let error as ConfigurationError {
      throw TrainingError(usage: error.message)
    }
  }

  /// How images are read.
  ///
  /// - Throws: `TrainingError` if `alphaBackground` is no colour.
  public func decoder() throws -> ImageDecoder {
    var decoder = ImageDecoder(appliesOrientation: exif)
    if let alphaBackground {
      let parts = alphaBackground.split(separator: ",", omittingEmptySubsequences: false)
      let values = parts.map { UInt8($0) }
      guard values.count == 3, let r = values[0], let g = values[1], let b = values[2] else {
        throw TrainingError(
          usage: "alpha-background '\(alphaBackground)' is not a colour such as 255,255,255")
      }
      decoder.alpha = .composited(red: r, green: g, blue: b)
    }
    return decoder
  }

  /// The order of the images in each epoch.
  var sampleOrder: SampleOrder {
    SampleOrder(seed: seed, isShuffled: shuffle, repeats: repeatedAug ? 3 : 1)
  }

  /// What training images go through.
  func trainingTransform() -> any ImageTransform {
    augment
      ? TrainingTransform(size: inputSize.size, resamplings: trainInterpolation.resamplings)
      : EvaluationTransform(size: inputSize.size)
  }

  /// Throws what is wrong with the numbers, before any data is touched.
  public func validate() throws(TrainingError) {
    func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(TrainingError) {
      if !condition { throw TrainingError(usage: message()) }
    }
    for (name, value) in [
      ("batch-size", batchSize), ("epochs", epochs), ("patch-size", patchSize),
      ("log-every", logEvery), ("threads", threads ?? 1), ("shard-size", shardSize ?? 1),
      ("nb-classes", nbClasses ?? 1), ("heads", heads ?? 1), ("head-dim", headDim ?? 1),
      ("depth", depth ?? 1),
    ] {
      try require(value >= 1, "\(name) must be at least 1, found \(value)")
      try require(value <= 1_000_000, "\(name) must be at most 1000000, found \(value)")
    }
    try require((threads ?? 1) <= 1024, "threads must be at most 1024, found \(threads ?? 1)")
    let workers = numWorkers ?? 0
    try require((0...1024).contains(workers), "num-workers must be 0 to 1024, found \(workers)")
    try require(lr.isFinite && lr > 0, "lr must be positive, found \(lr)")
    try require(minLr.isFinite && minLr >= 0, "min-lr must not be negative, found \(minLr)")
    try require(
      warmupLr.isFinite && warmupLr >= 0, "warmup-lr must not be negative, found \(warmupLr)")
    let warmup = warmupEpochs ?? 0
    try require(
      (0...epochs).contains(warmup),
      "warmup-epochs must be 0 to epochs, which is \(epochs), found \(warmup)")
    try require(
      weightDecay.isFinite && weightDecay >= 0,
      "weight-decay must not be negative, found \(weightDecay)")
    try require(optEps.isFinite && optEps > 0, "opt-eps must be positive, found \(optEps)")
    try require(
      optBetas.count == 2 && optBetas.allSatisfy { (0..<1).contains($0) },
      "opt-betas must be two numbers in 0 ..< 1, found \(optBetas)")
    try require(
      clipGrad.map { $0.isFinite && $0 > 0 } ?? true,
      "clip-grad must be positive, found \(clipGrad ?? 0)")
    try require((0..<1).contains(smoothing), "smoothing must be in 0 ..< 1, found \(smoothing)")
    try require((0..<1).contains(drop), "drop must be in 0 ..< 1, found \(drop)")
    try require((0..<1).contains(dropPath), "drop-path must be in 0 ..< 1, found \(dropPath)")
    let side = max(inputSize.size.height, inputSize.size.width)
    try require(
      trainInterpolation == .bicubic || (augment && side > 32),
      "train-interpolation is for random resized crops: with augment, and above 32 pixels")
  }
}
