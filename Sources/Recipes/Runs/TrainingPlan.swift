import Autodiff
import ConViT
import Files
import Images
import Training

/// A run, settled before it begins: what was typed (`TrainingConfiguration`) with everything that
/// was left open decided. It is made once; the run, its records, its summary and its checkpoints
/// see nothing else.
struct TrainingPlan: Sendable {
  /// The settings in force: what was left out is filled in. So `config.yaml` has them, and
  /// checkpoints without those of the machine.
  let settings: TrainingConfiguration
  let folder: String
  let checkpoint: Checkpoint?
  let data: TrainingData
  let fingerprint: DataFingerprint
  let model: any VisionModel
  let recipe: Recipe
  let rates: LearningRateSchedule
  let reader: any ExampleReader
  let normalization: ChannelStatistics
  let evaluator: Evaluator
  let pool: WorkerPool
  /// The processes that share the work, and where this one is among them.
  let ranks: Ranks
  let memory: MemoryEstimate
  /// What the objective reads from files: what classes weigh, and a teacher's weights.
  let classWeights: [Float]?
  let teacher: ParameterStore?
  let notes: [String]
  /// When the budget of this start began to count.
  let begin = ContinuousClock.now
  private let allowsNonFinite: Bool
  private let start: ParameterStore
  private let masks: ParameterMasks?
  private let trainingReader: any ExampleReader
  private let order: SampleOrder
  private let workers: Int

  /// Looks at everything that a run needs, and writes nothing.
  init(
    _ asked: TrainingConfiguration, from found: Checkpoint.Requested, _ ranks: Ranks = Ranks()
  ) throws {
    var (asked, notes) = (asked, found.notes)
    (checkpoint, self.ranks) = (found.checkpoint, ranks)
    notes += try asked.schedule.settle(
      ranks.count, mixes: asked.loss.mixes, resuming: checkpoint?.configuration.schedule)
    if ranks.count > 1 { try asked.validate() }
    if let checkpoint { asked.outputDir = checkpoint.folder }
    folder = try Self.outputFolder(of: asked)
    try asked.validateModel()
    if checkpoint == nil { try RunFolder.check(folder) }

    data = try TrainingData(asked.data, of: asked.kind, seed: asked.seed)
    fingerprint = DataFingerprint(training: data.training, validation: data.validation)
    notes += data.notes
    let (classes, images) = (data.training.classes, data.training.samples.count)
    if let outputs = asked.nbClasses, outputs < classes.count {
      throw TrainingError(usage: "nb-classes is \(outputs), but the data have \(classes.count)")
    }
    model = try asked.makeModel(classes: classes.count)
    let outputs = model.image.classes
    try asked.loss.validate(classes: outputs)
    let classWeights = try asked.loss.classWeights.map { [data] in
      try ClassWeights($0, for: data.training, outputs: outputs)
    }
    notes += [classWeights?.note].compactMap(\.self)
    (trainingReader, reader) = try asked.readers(of: model)
    normalization = try asked.normalization().statistics
    let teacher = try asked.teacher(of: model, classes, &notes)
    (self.classWeights, self.teacher) = (classWeights?.values, teacher?.weights)
    recipe = try asked.recipe(
      for: model, teacher: teacher, classWeights: classWeights?.values, processes: ranks.count)

    let threads = asked.threads ?? ranks.usualThreads
    memory = try Self.memory(
      model, recipe, asked, teacher: teacher, images: images, threads: threads, ranks)
    settings = asked.filled(for: model, processes: ranks.count)
    allowsNonFinite = asked.allowNonfinite
    if let checkpoint {
      notes += try Self.check(
        checkpoint, settings, fingerprint, allowsOtherData: asked.allowOtherData)
      try Self.checkTicket(asked.ticket, of: checkpoint, ParameterTree(model))
      start = .zeros(ParameterTree(model))
      masks = nil  // the checkpoint has them
    } else {
      notes += asked.notes(trainingImages: images)
      let (weights, changes) = try Self.start(model, asked, classes: classes, normalization)
      start = weights
      let pruned = try Self.masks(weights.tree, asked)
      masks = pruned.masks
      notes += changes + [pruned.note].compactMap(\.self)
      notes += try Self.check(weights, masks, asked)
    }
    rates = settings.learningRates
    order = asked.sampleOrder
    pool = WorkerPool(
      threads: threads, pinned: asked.pinThreads, from: ranks.firstProcessor(threads: threads))
    workers = asked.numWorkers ?? threads
    evaluator = Evaluator(
      reader: reader, batchSize: asked.batchSize, workers: workers, badImages: asked.onBadImage)
    if threads > asked.lanes {
      notes.append(
        "\(threads) threads, but \(asked.lanes) lanes: no more train at a time; with "
          + "--lanes \(threads) all do, and sums round otherwise")
    }
    self.notes = notes
  }
}

// What the run asks of it.
extension TrainingPlan {
  func learner() throws -> Learner {
    var learner = Learner(model, start, recipe, in: ranks.group)
    if let masks { learner.mask(by: masks) }
    if let checkpoint {
      try learner.restore(checkpoint.snapshot, allowsNonFinite: allowsNonFinite)
    }
    return learner
  }

  var imagesPerEpoch: Int { order.count(of: data.training.samples.count) }

  /// Steps of an epoch, the last perhaps on a smaller batch.
  var stepsPerEpoch: Int { settings.steps(of: imagesPerEpoch) }

  var trained: Int { start.tree.elementCount(of: !recipe.pass.frozen) }

  /// How a step of an epoch, on `count` images, is cut into what processes read together.
  func parts(_ count: Int) -> StepParts {
    StepParts(count, batchSize: settings.batchSize, isPaired: recipe.mixing != nil)
  }

  /// What this process reads from a step on, in the order of its parts.
  func loader(epoch: Int, from step: Int) -> BatchLoader {
    let requests = order(data.training.samples, epoch: epoch)
    let size = settings.schedule.stepSize
    let own = stride(from: step * size, to: requests.count, by: size).flatMap { first in
      let count = min(size, requests.count - first)
      return parts(count).places(of: ranks.rank, of: ranks.count).map { place in
        var request = requests[first + place]
        request.place = ExampleRequest.Place(place, of: count)
        return request
      }
    }
    return BatchLoader(
      order: own, reader: trainingReader, batchSize: parts(size).size,
      workers: workers, badImages: settings.onBadImage)
  }

  func frozen(_ weights: ParameterStore) -> FrozenWeights {
    FrozenWeights(weights, .inference(settings.precision))
  }

  func saved(_ weights: ParameterStore, _ masks: ParameterMasks?) -> SavedModel {
    let own = model.image
    let clips = try? TimeSformerConfiguration.preset(of: settings.model).image
    let isPreset = (ViTConfiguration.preset(settings.model) ?? clips).map { preset in
      preset.embedDim == own.embedDim && preset.heads == own.heads && preset.depth == own.depth
        && preset.localUpToLayer == own.localUpToLayer && preset.isGated == own.isGated
        && preset.usePosEmbed == own.usePosEmbed && own.headDim == nil
        && preset.mlpRatio == own.mlpRatio && own.headsByLayer == nil && own.hiddenDimByLayer == nil
    }
    var saved = SavedModel(
      model, weights, classNames: data.training.classes,
      name: isPreset == true ? settings.model : nil,
      normalization: normalization)
    saved.masks = masks
    saved.frameStride = model is TimeSformer ? settings.frameStride : nil
    return saved
  }

  /// The size of the run, which begins or resumes at some point.
  func summary(_ progress: RunProgress) -> Trainer.Summary {
    let images = data.training.samples.count
    return Trainer.Summary(
      model: model.architecture, kind: settings.kind, parameters: start.tree.elementCount,
      trained: trained,
      trainingImages: images, validationImages: data.validation.samples.count,
      imagesPerEpoch: (imagesPerEpoch, order.uniqueCount(of: images)),
      classes: data.training.classes.count, stepsPerEpoch: stepsPerEpoch,
      epochs: settings.totalEpochs, progress: progress,
      threads: pool.threads,
      ranks: ranks.count > 1 ? ranks.description(threads: pool.threads) : nil, rate: rates.base,
      memory: memory, precision: settings.precision)
  }
}
