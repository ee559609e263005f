import Autodiff
import ConViT
import Training

extension TrainingConfiguration {
  var sampleOrder: SampleOrder {
    SampleOrder(
      seed: running.seed, isShuffled: data.shuffle, repeats: data.repeatedAug ? 3 : 1)
  }

  /// How a process, one of so many, cuts its part of a step.
  func shards(for model: some Model, processes: Int = 1) -> Shards {
    Shards(
      for: model, batchSize: schedule.share(of: processes), size: running.shardSize,
      lanes: running.lanes)
  }

  /// Throws what is wrong with the values, before any data is touched.
  package func validate() throws(TrainingError) {
    try validateParts()
    let epochs = scaledEpochs
    try require(
      epochs <= 1_000_000, "scale-epochs makes \(epochs) epochs, of which there can be 1000000")
    try requireUse(
      of: "keep-pruned", architecture.ticket == nil || self.keepPruned,
      "no-keep-pruned: what a ticket prunes stays 0; --finetune takes its weights alone")
    if let file = architecture.startFile, !architecture.partial {
      let start = ablation.start + (architecture.localityStrength == 1 ? [] : ["locality-strength"])
      try require(
        start.isEmpty,
        "\(start.joined(separator: ", ")): of the start, which \(file.key) takes from a file")
    }
    try requireUse(
      of: "prune", pruning.prune == nil || architecture.finetune != nil,
      "prune takes from weights that are trained: finetune is missing")
    try require(
      pruning.prune == nil || pruning.pruneRounds <= epochs,
      "prune-rounds must be at most the epochs, of which there are \(epochs), found "
        + "\(pruning.pruneRounds)")
    try require(
      [data.mean, data.std].allSatisfy { [nil, 1, architecture.channels].contains($0?.count) },
      "mean and std must be one number, or one a channel, of which there are "
        + "\(architecture.channels)")
    try validateClips()
    let side = max(architecture.inputSize.size.height, architecture.inputSize.size.width)
    try require(
      loss.mixupOffEpoch < schedule.epochs,
      "mixup-off-epoch must be below epochs, which is \(schedule.epochs), found "
        + "\(loss.mixupOffEpoch)")
    try require(
      !loss.mixes || schedule.stepSize == schedule.batchSize
        || schedule.batchSize.isMultiple(of: 2),
      "batch-size must be even where several make a step and mixup or cutmix mixes pairs of "
        + "images, found \(schedule.batchSize)")
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

  /// Throws for settings of clips where a model takes images, and of images where it takes clips.
  private func validateClips() throws(TrainingError) {
    let (defaults, isOfClips) = (DataSettings(), architecture.isOfClips)
    try requireUse(
      isOfClips,
      of: [
        "frame-stride": data.frameStride != defaults.frameStride,
        "train-placement": data.trainPlacement != defaults.trainPlacement,
        "eval-placement": data.evalPlacement != defaults.evalPlacement,
        "max-frames": data.maxFrames != defaults.maxFrames,
        "max-seconds": data.maxSeconds != defaults.maxSeconds,
      ]
    ) { "\($0) is for models of clips: frames makes one of \(architecture.model)" }
    guard isOfClips else { return }
    try requireUse(
      of: "data-set", data.dataSet == .imageNet,
      "data-set \(data.dataSet.rawValue) is of images, and the model takes clips")
    try requireUse(
      of: "locality-every", running.localityEvery == nil,
      "locality-every measures models of images; of one of clips, convit locality measures its "
        + "weights when it is trained")
  }

  /// Throws what is wrong with the model, what is trained of it and reading, whatever the data are.
  package func validateModel() throws {
    _ = try data.decoder()
    let model = try makeModel(classes: 1)
    _ = try trainedOptimizer(of: model.image).frozen(in: ParameterTree(model))
    try validateDistillation(of: model.image)
  }

  /// What a run may change when it is resumed: what does not decide about its results.
  private static let changeable: Set = [
    "output-dir", "data-path", "val-path", "train-split", "val-split", "threads", "num-workers",
    "pin-threads", "recompute", "log-every", "locality-every", "locality-sample", "tensorboard",
    "save-every", "save-every-steps", "on-nonfinite", "on-bad-image", "max-bad", "resume",
    "allow-other-data", "allow-nonfinite", "early-stop", "time-budget", "report",
  ]

  /// Throws unless a run of these settings may be resumed with `self`; returns what is to be said.
  ///
  /// The number of epochs may change; rates are then those of a run of the new length.
  func checkResuming(_ old: TrainingConfiguration, of path: String) throws -> [String] {
    var changeable = Self.changeable
    // Files that may be elsewhere by now: what the checkpoint has of them is compared instead.
    if architecture.ticket != nil, old.architecture.ticket != nil { changeable.insert("ticket") }
    if data.pracSet != nil, old.data.pracSet != nil { changeable.insert("prac-set") }
    // A step comes to the same in any parts.
    if schedule.stepSize == old.schedule.stepSize {
      changeable.formUnion(["batch-size", "global-batch-size"])
    }
    let differences = try differences(from: old).filter { !changeable.contains($0.key) }
    func described(_ difference: (key: String, new: String, old: String)) -> String {
      "\(difference.key) is \(difference.new) instead of \(difference.old)"
    }
    let faults = differences.filter { $0.key != "epochs" }.map(described)
    guard faults.isEmpty else {
      throw TrainingError(
        "\(path): the run began with other settings: \(faults.joined(separator: ", "))")
    }
    return differences.map { described($0) + ": from here on, rates are those of the new length" }
  }

  /// The settings of a run wherever it is resumed: without those of the machine and of one start.
  var withoutMachine: TrainingConfiguration {
    var configuration = self
    (configuration.outputDir, configuration.threads, configuration.numWorkers) = (nil, nil, nil)
    (configuration.pinThreads, configuration.timeBudget) = (false, nil)
    return configuration
  }

  /// The settings with all that was left out filled in, and without what is about resuming.
  func filled(for structure: any VisionModel, processes: Int = 1) -> TrainingConfiguration {
    var filled = self
    filled.resume = nil
    (filled.allowOtherData, filled.allowNonfinite) = (false, false)
    let model = structure.image
    if let clips = structure as? TimeSformer {
      filled.frames = clips.configuration.frames
      filled.attention = clips.configuration.scheme
    }
    filled.warmupEpochs = learningRates.warmupEpochs
    filled.architecture.takeBlocks(of: model)
    filled.depth = model.depth
    filled.localUpToLayer = model.localUpToLayer
    filled.shardSize = shards(for: structure, processes: processes).size
    filled.optBetas = optimizer.betas
    filled.aa = augmentation.policyText ?? "none"
    filled.reprob = augmentation.eraseProbability
    return filled
  }
}
