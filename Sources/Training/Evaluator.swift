import Autodiff
import ConViT
import Images

/// Measures a model on examples, such as the images of a folder.
public struct Evaluator: Sendable {
  private let reader: any ExampleReader
  private let batchSize, workers: Int
  private let badImages: BadImages

  /// A measurement of what `reader` reads, `batchSize` examples at a time on `workers` threads.
  public init(
    reader: any ExampleReader, batchSize: Int, workers: Int, badImages: BadImages = .error
  ) {
    (self.reader, self.batchSize) = (reader, batchSize)
    (self.workers, self.badImages) = (workers, badImages)
  }

  /// The mean cross-entropy (without smoothing) and the accuracies over `samples`.
  ///
  /// - Parameters:
  ///   - model: what is evaluated.
  ///   - weights: its weights.
  ///   - samples: the examples, in any order.
  ///   - pool: whose threads work.
  ///   - noting: called with each batch, which may be smaller for images that were left out.
  ///   - progress: called with the images done after each batch.
  public func callAsFunction(
    _ model: any Model, _ weights: FrozenWeights, on samples: [Example],
    pool: WorkerPool, noting: (Batch) throws -> Void = { _ in },
    progress: (Int) throws -> Void = { _ in }
  ) throws -> ClassificationTotals {
    var totals = ClassificationTotals()
    try read(samples, &totals, noting, progress) { model.logits(of: $0, weights, on: pool) }
    return totals
  }

  /// The same, and what was answered for each image.
  package func answers(
    _ model: any Model, _ weights: FrozenWeights, on samples: [Example],
    pool: WorkerPool, noting: (Batch) throws -> Void = { _ in },
    progress: (Int) throws -> Void = { _ in }
  ) throws -> (totals: ClassificationTotals, answers: [Answer]) {
    var (totals, answers) = (ClassificationTotals(), [Answer]())
    try read(samples, &totals, noting, progress) {
      model.logits(of: $0, weights, on: pool)
    } adding: { batch, logits in
      answers += Answer.all(logits, labels: batch.labels, indices: batch.indices)
    }
    return (totals, answers)
  }

  /// Adds to the totals what `logits` makes of images, batch by batch, of which `adding` is told.
  package func read(
    _ samples: [Example], needsSome: Bool = false, _ totals: inout ClassificationTotals,
    _ noting: (Batch) throws -> Void, _ progress: (Int) throws -> Void,
    _ logits: (Tensor) -> Tensor, adding: (Batch, Tensor) -> Void = { _, _ in }
  ) throws {
    try batches(of: samples, needsSome: needsSome, noting: noting) { batch in
      let logits = logits(batch.inputs)
      totals.add(ClassificationTotals(logits: logits, labels: batch.labels))
      adding(batch, logits)
      try progress(totals.images)
    }
  }

  /// Calls `body` with the examples in their order, batch by batch, and `noting` before it with
  /// each batch, which may be without any.
  ///
  /// - Parameter needsSome: whether it is an error, the last one, if no example can be read.
  package func batches(
    of samples: [Example], needsSome: Bool = false, noting: (Batch) throws -> Void,
    _ body: (Batch) throws -> Void
  ) throws {
    let loader = BatchLoader(
      order: samples.map { ExampleRequest($0, random: Random(seed: 0)) }, reader: reader,
      batchSize: batchSize, workers: workers, badImages: badImages)
    var (hasSome, last): (Bool, SampleError?) = (false, nil)
    while let batch = try loader.next() {
      try noting(batch)
      last = batch.failures.last ?? last
      guard batch.count > 0 else { continue }
      hasSome = true
      try body(batch)
    }
    if needsSome, !hasSome, let last { throw last }
  }
}
