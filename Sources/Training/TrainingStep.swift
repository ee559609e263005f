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
  private let shards: Shards
  private let smoothing: Float
  private let clipNorm: Float?
  private let dropout: Random
  private let recomputesBlocks: Bool

  /// A training of `model` from `weights` on.
  public init(
    _ model: VisionTransformer, _ weights: ParameterStore, _ configuration: TrainingConfiguration
  ) {
    self.model = model
    self.weights = weights
    optimizer = AdamW(
      weights.tree, betas: (configuration.optBetas[0], configuration.optBetas[1]),
      epsilon: configuration.optEps, weightDecay: configuration.weightDecay)
    shards = Shards(
      for: model.configuration, batchSize: configuration.batchSize, size: configuration.shardSize)
    smoothing = configuration.smoothing
    clipNorm = configuration.clipGrad
    dropout = Random(seed: configuration.seed).split("dropout")
    recomputesBlocks = configuration.recompute
  }

  /// One step of the optimiser by the mean loss over a batch; returns this loss.
  ///
  /// - Throws: `NonFiniteStep` if the loss or the gradients are not finite; the weights are then
  ///   what they were.
  public mutating func callAsFunction(
    _ batch: Batch, epoch: Int, rate: Double, on pool: WorkerPool
  ) throws -> Double {
    let (gradients, losses) = try gradients(of: batch, epoch: epoch, on: pool)
    let loss = losses.reduce(0, +) / Double(batch.count)
    let norm = gradients.norm
    guard loss.isFinite, norm.isFinite else {
      throw NonFiniteStep(
        step: optimizer.steps + 1, epoch: epoch, rate: rate, loss: loss, gradients: gradients,
        samples: batch.indices)
    }
    let scale = clipNorm.map { norm > Double($0) ? Float(Double($0) / (norm + 1e-6)) : 1 } ?? 1
    optimizer.step(&weights, by: gradients, rate: rate, scale: scale, on: pool)
    return loss
  }

  /// Everything that steps change but the number of steps, each under its name in a checkpoint.
  var stores: [(name: String, store: ParameterStore)] {
    [("model", weights)] + optimizer.state.map { ("optimizer." + $0.name, $0.store) }
  }

  /// Puts back what `stores` gave, and the number of steps.
  mutating func restore(_ stores: [(name: String, store: ParameterStore)], steps: Int) {
    weights = stores[0].store
    optimizer.state = zip(optimizer.state, stores.dropFirst()).map { ($0.name, $1.store) }
    optimizer.steps = steps
  }

  /// The gradients of the mean loss, and the sum of losses of each shard.
  private func gradients(
    of batch: Batch, epoch: Int, on pool: WorkerPool
  ) throws -> (gradients: Gradients, outputs: [Double]) {
    let c = model.configuration
    let source = dropout.split(epoch)
    let sources = batch.indices.enumerated().map { source.split($1).split($0) }
    return try shards.gradients(
      of: batch.count, at: weights, on: pool,
      mode: { .training(sources[$0]) }
    ) { range, tape in
      let images = Tensor(
        Shape(range.count, c.channels, c.imageHeight, c.imageWidth), from: batch.images,
        at: range.lowerBound)
      let losses = model(tape.constant(images), recomputesBlocks: recomputesBlocks)
        .crossEntropy(labels: batch.labels[range], smoothing: smoothing)
      let sum = losses.value.withUnsafeBufferPointer { $0.reduce(0) { $0 + Double($1) } }
      return (1 / Float(batch.count) * losses.sum(), sum)
    }
  }
}

extension Tensor {
  /// The rows from `row` on of an array of such rows.
  fileprivate init(_ shape: Shape, from elements: [Float], at row: Int) {
    let length = shape.elementCount / shape[0]
    self.init(unsafeUninitialized: shape) { out in
      elements.withUnsafeBufferPointer { source in
        if let base = source.baseAddress {
          out.update(from: base + row * length, count: shape.elementCount)
        }
      }
    }
  }
}
