import Autodiff
import ConViT
import Files
import Foundation
import Images
import Safetensors
import Training

/// Trains a model on an image folder: the library's side of `convit train`.
///
/// ```swift
/// var configuration = TrainingConfiguration()
/// configuration.dataPath = "data/fashion-mnist"
/// configuration.outputDir = "runs/first"
/// configuration.resume = "auto"  // goes on if it was interrupted
/// try Trainer(configuration).run { event in print(event) }
/// ```
package struct Trainer: Sendable {
  /// What was asked for; `outputDir` is the folder of the run, also of one that goes on.
  package let configuration: TrainingConfiguration
  let training: ImageFolder
  let validation: ImageFolder
  let fingerprint: DataFingerprint
  let model: VisionTransformer
  let pool: WorkerPool
  let trained: Int
  /// When the budget of this start began to count.
  let begin = ContinuousClock.now
  private let normalization: ChannelStatistics
  private let checkpoint: Checkpoint?
  private let start: ParameterStore
  private let teacher: SavedModel?
  private let classWeights: ClassWeights?
  private let notes: [String]
  private let memory: MemoryEstimate

  /// Looks at everything that a run needs, and writes nothing.
  ///
  /// - Throws: `TrainingError`, `DatasetError`, `WeightsError` or `SafetensorsError`.
  package init(_ asked: TrainingConfiguration) throws {
    var (configuration, notes) = (asked, [String]())
    try configuration.validate()
    (checkpoint, notes) = try Checkpoint.requested(by: configuration)
    if let checkpoint { configuration.outputDir = checkpoint.folder }
    let outputDir = try Self.outputFolder(of: configuration)
    _ = try configuration.data.decoder()
    let sketch = try configuration.modelConfiguration(classes: 1)
    _ = try configuration.trainedOptimizer(of: sketch)
      .frozen(in: ParameterTree(VisionTransformer(sketch)))
    try configuration.validateDistillation()
    if checkpoint == nil { try RunFolder.check(outputDir) }
    let images = try TrainingData(configuration.data, seed: configuration.seed)
    (training, validation) = (images.training, images.validation)
    fingerprint = DataFingerprint(training: training, validation: validation)
    notes += images.notes
    if let asked = configuration.nbClasses, asked < training.classes.count {
      throw TrainingError(
        usage: "nb-classes is \(asked), but the data have \(training.classes.count)")
    }
    model = try VisionTransformer(
      configuration.modelConfiguration(classes: training.classes.count))
    try configuration.loss.validate(classes: model.configuration.classes)
    let outputs = model.configuration.classes
    classWeights = try configuration.loss.classWeights.map { [training] in
      try ClassWeights($0, for: training, outputs: outputs)
    }
    notes += [classWeights?.note].compactMap(\.self)
    normalization = try configuration.normalization().statistics
    teacher = try configuration.teacher(of: model.configuration, training.classes, &notes)
    let tree = ParameterTree(model)
    let frozen = try configuration.trainedOptimizer(of: model.configuration).frozen(in: tree)
    trained = tree.elementCount(of: !frozen)
    let threads = configuration.threads ?? WorkerPool.availableProcessors
    memory = try Self.memory(
      model, frozen: frozen, configuration, teacher: teacher, images: training.samples.count,
      threads)
    if checkpoint == nil {
      notes += configuration.notes(trainingImages: training.samples.count)
    }
    if let checkpoint {
      notes += try Self.check(checkpoint, configuration, model, fingerprint)
      start = .zeros(tree)
    } else if let path = configuration.finetune {
      guard try !Checkpoint.isCheckpoint(SafetensorsFile(contentsOf: path)) else {
        throw TrainingError(
          usage: "finetune: \(path) is a checkpoint; its weights are in model.safetensors beside it"
        )
      }
      let (weights, changes) = try SavedModel.finetuned(
        model, from: path, seed: configuration.seed, isPartial: configuration.partial,
        classNames: training.classes, normalization: normalization)
      start = weights
      notes += changes
    } else {
      start = ParameterStore(tree, seed: configuration.seed)
    }
    pool = WorkerPool(threads: threads, pinned: configuration.pinThreads)
    if threads > configuration.lanes {
      notes.append(
        "\(threads) threads, but \(configuration.lanes) lanes: no more train at a time; with "
          + "--lanes \(threads) all do, and sums round otherwise")
    }
    self.configuration = configuration
    self.notes = notes
  }

  /// Trains to the last epoch, and returns the model as it is then.
  ///
  /// An image that cannot be read before anything was saved ends the run as if it had not begun.
  ///
  /// - Parameters:
  ///   - report: told what happens.
  ///   - isStopped: asked after each step and each batch of an evaluation; when it says yes, or
  ///     `timeBudget`, which counts from the making of the trainer, leaves no time for another, the
  ///     run writes a checkpoint and ends with `RunInterrupted`.
  /// - Throws: `RunInterrupted`; `TrainingError` if training diverges; `SampleError` for an image
  ///   that cannot be read; `SafetensorsError` or `TrainingError` if weights or something else
  ///   cannot be written. What was saved before stays.
  @discardableResult
  package func run(
    _ report: @escaping (Event) throws -> Void = { _ in },
    isStopped: @escaping () -> Bool = { false }
  ) throws -> SavedModel {
    do {
      return try train(report, isStopped: isStopped)
    } catch let error as FileError {
      throw TrainingError(error)
    }
  }

  private func train(
    _ report: @escaping (Event) throws -> Void, isStopped: @escaping () -> Bool
  ) throws -> SavedModel {
    let progress = checkpoint?.progress ?? RunProgress()
    let tensorboard = configuration.tensorboard
    let folder =
      try checkpoint.map {
        let step = $0.progress.epoch * stepsPerEpoch + $0.progress.step
        return try RunFolder(resuming: $0, step: step, tensorboard: tensorboard)
      } ?? RunFolder(creating: configuration.outputDir ?? "", tensorboard: tensorboard)
    for note in notes { try report(.note(note)) }
    do {
      var learner = Learner(
        model, start,
        try configuration.recipe(
          for: model, teacher: teacher, classWeights: classWeights?.values))
      if let checkpoint {
        try learner.restore(
          checkpoint.snapshot, allowsNonFinite: configuration.allowNonfinite)
      }
      guard !configuration.hasEnded(progress) else {
        if let reason = configuration.earlyEnd(progress) { try report(.note(reason)) }
        try report(.finished(progress.epoch))
        return saved(learner.weights)
      }
      try folder.write(effective)
      try report(.started(summary(progress)))
      var run = try TrainingRun(
        self, in: folder, from: learner, progress, isStopped: isStopped, report: report)
      return try run()
    } catch let error as SampleError {
      folder.removeUnlessUsed()
      throw error
    }
  }
}

// What a run is made of.
extension Trainer {
  /// The settings with what was left out filled in, as `config.yaml` and checkpoints have them.
  var effective: TrainingConfiguration { configuration.effective(for: model) }

  /// Steps of an epoch, the last perhaps on a smaller batch.
  var stepsPerEpoch: Int {
    let size = configuration.schedule.stepSize
    return (imagesPerEpoch + size - 1) / size
  }

  /// Images that an epoch visits.
  var imagesPerEpoch: Int { order.count(of: training.samples.count) }

  private var order: SampleOrder { configuration.sampleOrder }

  private var workers: Int { configuration.numWorkers ?? pool.threads }

  /// The batches of an epoch from one on.
  func loader(epoch: Int, from step: Int) throws -> BatchLoader {
    let requests = order(training.samples, epoch: epoch)
      .dropFirst(step * configuration.schedule.stepSize)
    return BatchLoader(
      order: Array(requests), reader: try configuration.trainingReader(),
      batchSize: configuration.batchSize, workers: workers, badImages: configuration.onBadImage)
  }

  /// The measurement on the validation images.
  func evaluator() throws -> Evaluator {
    Evaluator(
      reader: try configuration.evaluationReader(), batchSize: configuration.batchSize,
      workers: workers, badImages: configuration.onBadImage)
  }

  /// Weights as measurements take them.
  func frozen(_ weights: ParameterStore) -> FrozenWeights {
    FrozenWeights(weights, .inference(configuration.precision))
  }

  /// The model with some weights, to be saved.
  func saved(_ weights: ParameterStore) -> SavedModel {
    let isPreset = ViTConfiguration.preset(configuration.model).map { preset in
      preset.embedDim == model.configuration.embedDim && preset.heads == model.configuration.heads
        && preset.depth == model.configuration.depth
        && preset.localUpToLayer == model.configuration.localUpToLayer
        && preset.isGated == model.configuration.isGated
        && preset.usePosEmbed == model.configuration.usePosEmbed
    }
    return SavedModel(
      model, weights, classNames: training.classes,
      name: isPreset == true ? configuration.model : nil, normalization: normalization)
  }

  private func summary(_ progress: RunProgress) -> Summary {
    let (images, scaled) = (training.samples.count, configuration.scaled)
    return Summary(
      model: model.configuration, parameters: start.tree.elementCount, trained: trained,
      trainingImages: images, imagesPerEpoch: (imagesPerEpoch, order.uniqueCount(of: images)),
      validationImages: validation.samples.count, classes: training.classes.count,
      stepsPerEpoch: stepsPerEpoch, epochs: scaled.schedule.totalEpochs, progress: progress,
      threads: pool.threads, rate: scaled.learningRates.base,
      memory: memory, precision: configuration.precision)
  }
}
