import Autodiff
import ConViT
import Images
import Tickets
import Training

/// What all rounds of one seed of a search share: the data, the model, and how both are looked at.
struct TicketGround {
  let configuration: TrainingConfiguration
  let data: TrainingData
  let model: VisionTransformer
  let tree: ParameterTree
  let pool: WorkerPool
  /// Weights that are left after each round, and one more, from all of them on.
  let remaining: [Int]
  private let least: Int
  /// The critical images of another search that rounds train on, and their file.
  let given: GivenSet?
  let cut: GlobalCut
  private let reader: ImageReader
  private let workers: Int

  init(
    _ configuration: TrainingConfiguration, _ settings: TicketSettings, _ given: GivenSet? = nil,
    pool: WorkerPool
  ) throws {
    (self.configuration, self.pool, self.given) = (configuration, pool, given)
    data = try TrainingData(configuration.data, seed: configuration.seed)
    _ = try given?.set.part(of: data.training)
    model = try VisionTransformer(
      configuration.modelConfiguration(classes: data.training.classes.count))
    tree = ParameterTree(model)
    if let path = configuration.finetune, configuration.keepPruned,
      try ParameterMasks(in: WeightsFile(contentsOf: path), of: tree) != nil
    {
      throw TrainingError(
        usage: "finetune: some weights of \(path) are pruned, and a search prunes a whole model; "
          + "--no-keep-pruned lets them grow")
    }
    reader = try configuration.evaluationReader()
    workers = configuration.numWorkers ?? pool.threads
    cut = settings.cut
    let whole = cut.remaining(in: tree)
    remaining = GlobalCut.remainders(of: whole, rate: settings.rate, rounds: settings.rounds + 1)
    least = cut.least(in: tree)
    guard remaining[settings.rounds] >= least else {
      let most = remaining.count { [least] in $0 >= least } - 1
      throw TrainingError(
        usage: "\(settings.rounds) rounds at rate \(settings.rate) leave "
          + "\(remaining[settings.rounds]) of \(whole) weights, and the floors of the layers keep "
          + "\(least): at most \(most) rounds, "
          + "or a lower --floor")
    }
  }

  /// Weights that are left after a round; after one that is not asked for, what floors keep at
  /// least.
  func count(after round: Int) -> Int { max(remaining[round], least) }

  /// The images of training, by their indices.
  var indices: [Int] { data.training.samples.map(\.index) }

  func stepsPerEpoch(of images: Int) -> Int {
    configuration.steps(of: configuration.sampleOrder.count(of: images))
  }

  /// What the model of a file answers to each image of training as it is, by index.
  func answers(ofModelIn path: String) throws -> [Int: Int] {
    let saved = try SavedModel(contentsOf: path)
    let weights = FrozenWeights(saved.weights, .inference(configuration.precision))
    let (_, answers) = try evaluator.answers(
      saved.model, weights, on: data.training.samples, pool: pool)
    return Dictionary(answers.map { ($0.index, $0.predicted) }) { first, _ in first }
  }

  private var evaluator: Evaluator {
    Evaluator(
      reader: reader, batchSize: configuration.batchSize, workers: workers,
      badImages: configuration.onBadImage)
  }

  /// A few images of training, balanced over classes, as one batch.
  func batch(of count: Int) throws -> Batch {
    let sample = data.training.balancedSample(count, seed: configuration.seed)
    var batches: [Batch] = []
    try evaluator.batches(of: sample, noting: { _ in }) { batches.append($0) }
    return Batch(
      inputs: .concatenated(batches.map(\.inputs), 0), labels: batches.flatMap(\.labels),
      indices: batches.flatMap(\.indices))
  }

  /// The model at some weights, as files have it.
  func saved(_ weights: ParameterStore) -> SavedModel {
    SavedModel(
      model, weights, classNames: data.training.classes,
      normalization: reader.normalization.statistics)
  }
}

extension TrainingConfiguration {
  /// The training of a ticket: from its weights, on the critical images of a file or on all, in a
  /// course of another length.
  func training(ticket: String, onSet set: String?, for length: RoundLength) -> Self {
    var round = self
    (round.ticket, round.finetune, round.partial, round.keepPruned) = (ticket, nil, false, true)
    round.pracSet = set
    round.localityStrength = 1
    (round.gateStart, round.localInit) = (AblationSettings().gateStart, true)
    let warmup = learningRates.warmupEpochs
    round.epochs = length.epochs(of: schedule.epochs)
    round.warmupEpochs = length.scaled(warmup)
    round.cooldownEpochs = length.scaled(schedule.cooldownEpochs)
    round.mixupOffEpoch = length.scaled(loss.mixupOffEpoch)
    if schedule.sched == .step { round.decayEpochs = max(1, schedule.decayEpochs * length.share) }
    if schedule.sched == .multistep {
      round.decayMilestones = Set(schedule.decayMilestones.map { max(1, length.scaled($0)) })
        .sorted()
    }
    return round
  }
}
