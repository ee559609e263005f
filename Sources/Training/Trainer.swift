import Autodiff
import ConViT
import Foundation
import Images
import Safetensors

/// Trains a model on an image folder: the library's side of `convit train`.
///
/// ```swift
/// var configuration = TrainingConfiguration()
/// configuration.dataPath = "data/fashion-mnist"
/// configuration.outputDir = "runs/first"
/// try Trainer(configuration).run { event in print(event) }
/// ```
public struct Trainer: Sendable {
  /// What was asked for.
  public let configuration: TrainingConfiguration
  private let training: ImageFolder
  private let validation: ImageFolder
  private let model: VisionTransformer
  private let start: ParameterStore
  private let pool: WorkerPool
  private let notes: [String]
  private let memory: MemoryEstimate

  /// What happens in a run, for whoever watches.
  public enum Event: Sendable {
    /// Something worth knowing about the data or the weights.
    case note(String)
    /// The run begins.
    case started(Summary)
    /// A step of the optimiser: its record, the epoch's number of steps, images a second so far.
    case step(StepRecord, ofEpoch: Int, imagesPerSecond: Double)
    /// Images that were evaluated, of how many.
    case evaluated(Int, of: Int)
    /// An epoch ended.
    case epoch(EpochRecord, isBest: Bool)
  }

  /// The size of a run.
  public struct Summary: Sendable {
    /// The model, for the classes of its head.
    public let model: ViTConfiguration
    /// The numbers that are trained.
    public let parameters: Int
    /// Images in `train/`, which is also how many an epoch visits.
    public let trainingImages: Int
    /// Images in `val/`, all of them evaluated after each epoch.
    public let validationImages: Int
    /// Classes of the data; the head may have more.
    public let classes: Int
    /// Steps of the optimiser in an epoch, the last perhaps on a smaller batch.
    public let stepsPerEpoch: Int
    /// Epochs of the run.
    public let epochs: Int
    /// Threads that differentiate.
    public let threads: Int
    /// The schedule's base: `lr`, scaled by batch / 512 unless `unscaleLr`.
    public let rate: Double
    /// What the run will need of memory.
    public let memory: MemoryEstimate
    /// The library that multiplies matrices, and what may be wrong with it.
    public let blas: BLASLibrary
  }

  /// Looks at everything that a run needs, and writes nothing.
  ///
  /// - Throws: `TrainingError`, `DatasetError`, `WeightsError` or `SafetensorsError`.
  public init(_ configuration: TrainingConfiguration) throws {
    try configuration.validate()
    guard let dataPath = configuration.dataPath else {
      throw TrainingError(usage: "data-path is missing: the folder that has train/ and val/")
    }
    guard let outputDir = configuration.outputDir else {
      throw TrainingError(usage: "output-dir is missing: the folder to write the run to")
    }
    for (name, path) in [("data-path", dataPath), ("output-dir", outputDir)] where path.isEmpty {
      throw TrainingError(usage: "\(name) is empty")
    }
    _ = try configuration.data.decoder()
    guard try !configuration.architecture.configuration(classes: 1).isDistilled else {
      throw TrainingError(
        usage: "model \(configuration.model) needs a teacher to train, which is not there yet")
    }
    try RunFolder.check(outputDir)
    training = try ImageFolder(root: dataPath, split: "train")
    validation = try ImageFolder(root: dataPath, split: "val", classes: training.classes)
    if let asked = configuration.nbClasses, asked < training.classes.count {
      throw TrainingError(
        usage: "nb-classes is \(asked), but the data have \(training.classes.count)")
    }
    model = try VisionTransformer(
      configuration.architecture.configuration(classes: training.classes.count))
    let tree = ParameterTree(model)
    let estimate = MemoryEstimate(
      model.configuration, parameterCount: tree.elementCount,
      batchSize: min(configuration.batchSize, training.samples.count),
      shards: Self.shards(model, configuration),
      threads: configuration.threads ?? WorkerPool.availableProcessors,
      recomputesBlocks: configuration.recompute)
    guard estimate.total < ProcessInfo.processInfo.physicalMemory else {
      throw TrainingError(
        "the run needs about \(estimate.description) of memory, and the machine has "
          + "\(ProcessInfo.processInfo.physicalMemory / 1_000_000) MB")
    }
    memory = estimate
    var notes = training.warnings + validation.warnings
    if let path = configuration.finetune {
      (start, notes) = try Self.start(of: tree, from: path, configuration.seed, notes)
    } else {
      start = ParameterStore(tree, seed: configuration.seed)
    }
    pool = WorkerPool(threads: configuration.threads ?? WorkerPool.availableProcessors)
    self.configuration = configuration
    self.notes = notes
  }

  /// The weights of a file, except for a head that is for other classes.
  private static func start(
    of tree: ParameterTree, from path: String, _ seed: UInt64, _ notes: [String]
  ) throws -> (ParameterStore, notes: [String]) {
    let heads: Set = ["head.weight", "head.bias", "head_dist.weight", "head_dist.bias"]
    let (weights, kept) = try ParameterStore.load(
      tree, from: try SafetensorsFile(contentsOf: path), optional: heads,
      start: ParameterStore(tree, seed: seed))
    let broken = weights.nonFiniteNames
    guard broken.isEmpty else {
      throw WeightsError(
        path: path, reason: "not all numbers are finite in " + broken.joined(separator: ", "))
    }
    let note = "\(path): \(kept.joined(separator: ", ")) not used, the head starts anew"
    return (weights, kept.isEmpty ? notes : notes + [note])
  }

  /// Trains from the first epoch to the last, and returns the model as it is then.
  ///
  /// An image that cannot be read in the first epoch ends the run as if it had not begun.
  @discardableResult
  public func run(_ report: (Event) throws -> Void = { _ in }) throws -> SavedModel {
    let folder = try RunFolder(creating: configuration.outputDir ?? "")
    do {
      return try run(in: folder, report)
    } catch let error as SampleError {
      folder.removeUnlessUsed()
      throw error
    }
  }

  private func run(
    in folder: RunFolder, _ report: (Event) throws -> Void
  ) throws -> SavedModel {
    var effective = configuration
    effective.warmupEpochs = LearningRateSchedule(configuration).warmupEpochs
    (effective.heads, effective.depth) = (model.configuration.heads, model.configuration.depth)
    effective.headDim = model.configuration.embedDim / model.configuration.heads
    effective.localUpToLayer = model.configuration.localUpToLayer
    effective.shardSize = shards.size
    try folder.write(effective)
    for note in notes { try report(.note(note)) }
    try report(.started(summary))
    let evaluator = Evaluator(
      decoder: try configuration.data.decoder(), size: configuration.inputSize.size,
      batchSize: configuration.batchSize, workers: workers)
    var step = TrainingStep(model, start, configuration)
    var best = -Double.infinity
    for epoch in 0..<configuration.epochs {
      let clock = ContinuousClock.now
      let (loss, rate) = try train(&step, epoch, folder, report)
      let seconds = (ContinuousClock.now - clock) / .seconds(1)
      let count = validation.samples.count
      let test = try evaluator(model, step.weights, on: validation.samples, pool: pool) {
        try report(.evaluated($0, of: count))
      }
      guard test.meanLoss.isFinite else {
        throw TrainingError("the validation loss is \(test.meanLoss) after epoch \(epoch)")
      }
      let record = EpochRecord(
        epoch: epoch, trainLoss: loss, trainLr: rate, testLoss: test.meanLoss,
        testAcc1: test.accuracy1, testAcc5: test.accuracy5,
        parameters: step.weights.tree.elementCount, seconds: seconds)
      let saved = saved(step.weights)
      try saved.write(to: folder.model)
      let isBest = test.accuracy1 > best
      if isBest {
        best = test.accuracy1
        try saved.write(to: folder.best)
      }
      try folder.append(record)
      folder.keep()
      try report(.epoch(record, isBest: isBest))
    }
    return saved(step.weights)
  }

  /// One epoch; returns its mean loss and its last learning rate.
  private func train(
    _ step: inout TrainingStep, _ epoch: Int, _ folder: RunFolder,
    _ report: (Event) throws -> Void
  ) throws -> (loss: Double, rate: Double) {
    let order = configuration.sampleOrder
    let loader = ImagePipeline(
      decoder: try configuration.data.decoder(), transform: configuration.trainingTransform(),
      workers: workers
    ).loader(order(training.samples, epoch: epoch), batchSize: configuration.batchSize)
    let schedule = LearningRateSchedule(configuration)
    let clock = ContinuousClock.now
    var (images, sum, rate) = (0, 0.0, 0.0)
    for index in 0..<loader.batchCount {
      guard let batch = try loader.next() else { break }
      let passed = configuration.schedOnUpdates ? Double(index) / Double(loader.batchCount) : 0
      rate = schedule(Double(epoch) + passed)
      let loss = try step(batch, epoch: epoch, rate: rate, on: pool)
      images += batch.count
      sum += loss * Double(batch.count)
      let record = StepRecord(
        epoch: epoch, step: epoch * loader.batchCount + index, loss: loss, lr: rate)
      if record.step % configuration.logEvery == 0 { try folder.append(record) }
      let seconds = (ContinuousClock.now - clock) / .seconds(1)
      try report(
        .step(record, ofEpoch: loader.batchCount, imagesPerSecond: Double(images) / seconds))
    }
    return (sum / Double(images), rate)
  }

  private var shards: Shards { Self.shards(model, configuration) }

  private static func shards(
    _ model: VisionTransformer, _ configuration: TrainingConfiguration
  ) -> Shards {
    Shards(
      for: model.configuration, batchSize: configuration.batchSize, size: configuration.shardSize)
  }

  private var workers: Int { configuration.numWorkers ?? pool.threads }

  private func saved(_ weights: ParameterStore) -> SavedModel {
    let isPreset = ViTConfiguration.preset(configuration.model).map { preset in
      preset.embedDim == model.configuration.embedDim && preset.heads == model.configuration.heads
        && preset.depth == model.configuration.depth
        && preset.localUpToLayer == model.configuration.localUpToLayer
    }
    return SavedModel(
      model, weights, classNames: training.classes,
      name: isPreset == true ? configuration.model : nil)
  }

  private var summary: Summary {
    let steps = (training.samples.count + configuration.batchSize - 1) / configuration.batchSize
    return Summary(
      model: model.configuration, parameters: start.tree.elementCount,
      trainingImages: training.samples.count, validationImages: validation.samples.count,
      classes: training.classes.count, stepsPerEpoch: steps, epochs: configuration.epochs,
      threads: pool.threads, rate: LearningRateSchedule(configuration).base,
      memory: memory,
      blas: BLASLibrary.current)
  }
}
