import Autodiff
import ConViT
import Images

/// The weights of a model in training, and what one batch makes of them.
public struct TrainingStep: Sendable {
  private let model: VisionTransformer
  /// The weights after the last step.
  public private(set) var weights: ParameterStore
  /// The optimiser, with what it remembers and the number of steps made.
  public private(set) var optimizer: any Optimizer
  /// The moving average of the weights, if one is kept.
  public private(set) var average: MovingAverage?
  private let settings: OptimizerSettings
  private let shards: Shards
  private let mixing: Mixing?
  private let objective: Objective
  private let dropout: Random
  private let pass: Pass

  /// A training of `model` from `weights` on.
  ///
  /// - Parameter teacher: whom to learn from, if the configuration says so.
  /// - Throws: `TrainingError` if what is to be frozen is not there, or is everything.
  public init(
    _ model: VisionTransformer, _ weights: ParameterStore, _ configuration: TrainingConfiguration,
    teacher: SavedModel? = nil
  ) throws(TrainingError) {
    self.model = model
    settings = configuration.trainedOptimizer(of: model.configuration)
    self.weights = weights
    let pass = Pass(
      precision: configuration.precision, frozen: try settings.frozen(in: weights.tree),
      recomputesBlocks: configuration.recompute)
    self.pass = pass
    optimizer = settings.optimizer(settings.groups(of: weights.tree))
    if settings.modelEma {
      average = MovingAverage(
        of: weights, decay: settings.modelEmaDecay, warmsUp: settings.modelEmaWarmup)
    }
    shards = configuration.shards(for: model.configuration)
    mixing = Mixing(
      configuration.loss, shape: Self.shape(of: model), seed: configuration.seed)
    objective = Objective(
      configuration.loss,
      teacher: teacher.map { ($0.model, FrozenWeights($0.weights, .inference(pass.precision))) })
    dropout = Random(seed: configuration.seed).split("dropout")
  }

  /// One step of the optimiser by the mean loss over a batch of one image at least; returns this
  /// loss.
  ///
  /// - Throws: as the step by several batches.
  public mutating func callAsFunction(
    _ batch: Batch, epoch: Int, rate: Double, on pool: WorkerPool
  ) throws -> Double {
    let count = batch.count + batch.failures.count
    guard let loss = try self(of: count, epoch: epoch, rate: rate, on: pool, next: { batch }) else {
      fatalError("TrainingStep: a batch without images")
    }
    return loss
  }

  /// One step by the mean loss over `count` images, which `next` gives batch by batch; returns this
  /// loss. Images that a batch was to have and has not, its failures, count among them, and the
  /// mean is over the others; if there are none, there is no step and no loss.
  ///
  /// - Throws: `NonFiniteStep` if the loss or the gradients are not finite; the weights are then
  ///   what they were.
  public mutating func callAsFunction(
    of count: Int, epoch: Int, rate: Double, on pool: WorkerPool, next: () throws -> Batch
  ) throws -> Double? {
    var (samples, taken, total) = ([Int](), 0, 0.0)
    var gradients = try shards.gradients(of: count, at: weights, on: pool, pass) { sum in
      while taken < count {
        let batch = try next()
        if batch.count > 0 {
          total += try add(batch, from: taken, of: count, epoch: epoch, to: sum).reduce(0, +)
        }
        samples += batch.indices
        taken += batch.count + batch.failures.count
      }
    }
    guard !samples.isEmpty else { return nil }
    if samples.count < count { gradients.multiply(by: Float(count) / Float(samples.count)) }
    let loss = total / Double(samples.count)
    let norm = gradients.norm
    guard loss.isFinite, norm.isFinite else {
      throw NonFiniteStep(
        step: optimizer.steps + 1, epoch: epoch, rate: rate, loss: loss, gradients: gradients,
        samples: samples)
    }
    let scale = settings.clip(&gradients, norm: norm, at: weights, on: pool)
    optimizer.step(&weights, by: gradients, rate: rate, scale: scale, on: pool)
    average?.add(weights, after: optimizer.steps, on: pool)
    return loss
  }

  /// Everything that steps change but the number of steps, each under its name in a checkpoint.
  var stores: [(name: String, store: ParameterStore)] {
    [("model", weights)] + optimizer.state.map { ("optimizer." + $0.name, $0.store) }
      + (average.map { [("model_ema", $0.weights)] } ?? [])
  }

  /// Puts back what `stores` gave, and the number of steps.
  mutating func restore(_ stores: [(name: String, store: ParameterStore)], steps: Int) {
    weights.replaceValues(by: stores[0].store.values)
    optimizer.state = zip(optimizer.state, stores.dropFirst()).map { ($0.name, $1.store) }
    optimizer.steps = steps
    if let last = stores.last?.store { average?.weights.replaceValues(by: last.values) }
  }

  private static func shape(of model: VisionTransformer) -> Shape {
    let c = model.configuration
    return [c.channels, c.imageHeight, c.imageWidth]
  }

  /// Adds the gradients of a batch to those of a step of `count` images, of which it is those from
  /// `first` on; returns the sum of losses of each shard.
  private func add(
    _ batch: Batch, from first: Int, of count: Int, epoch: Int, to sum: GradientSum<Double>
  ) throws -> [Double] {
    let source = dropout.split(epoch)
    let sources = batch.indices.enumerated().map { source.split($1).split(first + $0) }
    let mixed = MixedBatch(batch, mixing?(batch.indices, epoch: epoch))
    return try sum.add(batch.count, randomness: sources) { range, tape in
      let images = mixed.inputs(range)
      let logits = model.headLogits(tape.constant(images))
      let losses = objective(logits, images, mixed, range)
      let sum = losses.value.withUnsafeBufferPointer { $0.reduce(0) { $0 + Double($1) } }
      return (1 / Float(count) * losses.sum(), sum)
    }
  }
}
