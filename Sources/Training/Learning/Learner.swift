import Autodiff
import ConViT
import Files
import Images

/// A model in training: its weights, what the optimiser remembers, and the moving average; and the
/// step that one batch makes.
///
/// ```swift
/// var learner = Learner(model, ParameterStore(model, seed: 0), Recipe { AdamW($0) })
/// let result = try learner.step(batch, epoch: 0, rate: 1e-3, on: pool)
/// print(result.loss, result.accuracy)
/// ```
///
/// What it does depends on the recipe, the batches and the epochs, and not on the number of
/// threads: it has the same bits for any.
public struct Learner: Sendable {
  /// The structure.
  public let model: any Model
  /// How it is trained.
  public let recipe: Recipe
  /// The weights after the last step.
  public private(set) var weights: ParameterStore
  /// The optimiser, with what it remembers and the number of steps made.
  public private(set) var optimizer: any Optimizer
  /// The moving average of the weights, if one is kept.
  public private(set) var average: MovingAverage?
  /// What is pruned, and stays exactly 0.
  public private(set) var masks: ParameterMasks?
  /// The processes that make each step together, each on its part of the examples.
  public let group: any ProcessGroup
  private let dropout: Random
  private var examples: [StepResult.Example] = []  // memory that each step uses again

  /// A training of `model` from `weights` on, by this process, or by several that begin with the
  /// same weights and recipe.
  ///
  /// - Precondition: the weights are of this value of the model, not all are frozen, and patterns
  ///   for what is frozen match something.
  public init(
    _ model: any Model, _ weights: ParameterStore, _ recipe: Recipe,
    in group: any ProcessGroup = SingleProcess()
  ) {
    let parameters = ParameterTree(model).parameters
    checkPrecondition(
      parameters.elementsEqual(weights.tree.parameters, by: ===),
      "Learner: the weights are of another value of the model, which has parameters of its own; "
        + "make it once: let model = …, then Learner(model, ParameterStore(model, seed: 0), …)")
    checkPrecondition(
      recipe.pass.frozen.slots(in: weights.tree).count < parameters.count,
      "Learner: recipe.pass.frozen has all \(parameters.count) parameters, so that none would "
        + "learn")
    if let unknown = recipe.pass.frozen.unknownPattern(in: weights.tree) {
      fatalError(
        "Learner: recipe.pass.frozen names '\(unknown)', and no parameter is called so; names are "
          + "as '\(weights.tree.names.last ?? "")'")
    }
    (self.model, self.weights, self.recipe, self.group) = (model, weights, recipe, group)
    optimizer = recipe.optimizer(weights.tree)
    average = recipe.averageDecay.map {
      MovingAverage(of: weights, decay: $0, warmsUp: recipe.averageWarmsUp)
    }
    dropout = Random(seed: recipe.seed).split("dropout")
  }

  /// One step of the optimiser by the mean loss over a batch of one example at least.
  ///
  /// - Parameters:
  ///   - batch: the examples.
  ///   - epoch: what dropout and mixing depend on, beside seed and examples.
  ///   - rate: the learning rate.
  ///   - pool: whose threads work.
  /// - Throws: as the step by several batches.
  @discardableResult
  public mutating func step(
    _ batch: Batch, epoch: Int, rate: Double, on pool: WorkerPool
  ) throws -> StepResult {
    let count = batch.count + batch.failures.count
    let result = try step(of: count, epoch: epoch, rate: rate, on: pool, next: { batch })
    guard let result else { fatalError("Learner.step: a batch without examples") }
    return result
  }

  /// One step by the mean loss over `count` examples, which `next` gives batch by batch. Examples
  /// that a batch was to have and has not, its failures, count among them, and the mean is over the
  /// others; if there are none, there is no step and no result.
  ///
  /// In a group, each process gives `count` examples of its own.
  ///
  /// - Throws: `NonFiniteStep` if the loss or the gradients are not finite; the weights are then
  ///   what they were.
  public mutating func step(
    of count: Int, epoch: Int, rate: Double, on pool: WorkerPool, next: () throws -> Batch
  ) throws -> StepResult? {
    let first = group.rank * count
    return try step(
      of: count * group.count, Array(first..<first + count), epoch: epoch, rate: rate, on: pool,
      next: next)
  }

  /// One step by the mean loss over `count` examples in all processes of the group, of which this
  /// one has those at `places`, in the order in which `next` gives them.
  package mutating func step(
    of count: Int, _ places: [Int], epoch: Int, rate: Double, on pool: WorkerPool,
    next: () throws -> Batch
  ) throws -> StepResult? {
    var examples = self.examples  // moved, so that it is written in place
    self.examples = []
    defer { self.examples = examples }
    examples.removeAll(keepingCapacity: true)
    let shards = recipe.shards ?? Shards(for: model, batchSize: max(places.count, 1))
    func sum() throws -> Gradients {
      try shards.gradients(of: count, at: weights, on: pool, recipe.pass) { sum in
        var taken = 0
        while taken < places.count {
          let batch = try next()
          if batch.count > 0 {
            let own = batch.places.map { places[taken + $0] }
            try add(batch, at: own, epoch, to: sum, &examples)
          }
          taken += batch.count + batch.failures.count
        }
      }
    }
    var gradients =
      try group.count == 1 ? sum() : summed(Result { try sum() }, of: count, &examples)
    guard !examples.isEmpty else { return nil }
    if examples.count < count {
      gradients.multiply(by: Float(count) / Float(examples.count))
    }
    if let masks { gradients.apply(masks, on: pool) }
    let loss = examples.reduce(0) { $0 + Double($1.loss) } / Double(examples.count)
    let norm = gradients.norm
    guard loss.isFinite, norm.isFinite else {
      throw NonFiniteStep(
        step: optimizer.steps + 1, epoch: epoch, rate: rate, loss: loss, gradients: gradients,
        samples: examples.map(\.index))
    }
    let scale = recipe.clipping?.apply(to: &gradients, norm: norm, at: weights, on: pool) ?? 1
    optimizer.step(&weights, by: gradients, rate: rate, scale: scale, on: pool)
    average?.add(weights, after: optimizer.steps, on: pool)
    return StepResult(loss: loss, gradientNorm: norm, examples: examples)
  }

  /// The gradients of all processes, added up, and their examples, in the order of ranks.
  private func summed(
    _ own: Result<Gradients, any Error>, of count: Int, _ examples: inout [StepResult.Example]
  ) throws -> Gradients {
    let head = own.map { $0.presence + withUnsafeBytes(of: UInt64(count)) { Array($0) } }
    let parts = try group.exchange(
      head.map { head in head + examples.withUnsafeBytes { Array($0) } })
    var gradients = try own.get()
    let length = gradients.presence.count
    let counts = parts.map { Array($0[length..<length + 8]) }
    if let other = counts.firstIndex(where: { $0 != counts[0] }) {
      throw TrainingError(
        "Learner.step: rank \(other) gives another number of examples than rank 0; all have to "
          + "give the same number")
    }
    examples = parts.flatMap { part in
      part.dropFirst(length + 8).withUnsafeBytes { bytes in
        (0..<bytes.count / MemoryLayout<StepResult.Example>.stride).map {
          bytes.loadUnaligned(
            fromByteOffset: $0 * MemoryLayout<StepResult.Example>.stride,
            as: StepResult.Example.self)
        }
      }
    }
    try gradients.sum(over: group, parts.map { Array($0.prefix(length)) })
    return gradients
  }

  /// Adds the gradients of a batch, which has the given places in the step, to those of the step,
  /// and its examples to `examples`.
  private func add(
    _ batch: Batch, at places: [Int], _ epoch: Int, to sum: GradientSum<Void>,
    _ examples: inout [StepResult.Example]
  ) throws {
    let source = dropout.split(epoch)
    let sources = zip(batch.indices, places).map { source.split($0).split($1) }
    recipe.mixing?.check(batch.shape)
    let mixed = MixedBatch(
      batch,
      recipe.mixing?(places, partners: batch.partners, epoch: epoch, step: optimizer.steps))
    let place = examples.count
    examples.append(
      contentsOf: repeatElement(
        .init(index: 0, label: 0, loss: 0, predicted: 0), count: batch.count))
    try examples.withUnsafeMutableBufferPointer { examples in
      let examples = UnsafeMutableBufferPointer(rebasing: examples[place...])
      _ = try sum.add(batch.count, randomness: sources) { range, tape in
        let inputs = mixed.inputs(range)
        let outputs = model.outputs(tape.constant(inputs))
        let losses = recipe.objective.losses(
          outputs, ExamplePart(batch: mixed, range: range, inputs: inputs))
        checkPrecondition(
          losses.shape == Shape(range.count),
          "Objective: losses of shape \(losses.shape) for \(range.count) examples; each has one")
        Self.note(batch, range, losses.value, outputs.logits.value, in: examples)
        return (losses, ())
      }
    }
  }

  /// Writes down what came of some examples; each shard has its own.
  private static func note(
    _ batch: Batch, _ range: Range<Int>, _ losses: Tensor, _ logits: Tensor,
    in examples: UnsafeMutableBufferPointer<StepResult.Example>
  ) {
    let columns = logits.count / max(range.count, 1)
    losses.withUnsafeBufferPointer { losses in
      logits.withUnsafeBufferPointer { logits in
        for (row, index) in range.enumerated() {
          var largest = row * columns
          for place in largest..<(row + 1) * columns where logits[place] > logits[largest] {
            largest = place
          }
          examples[index] = .init(
            index: batch.indices[index], label: batch.labels[index], loss: losses[row],
            predicted: largest - row * columns)
        }
      }
    }
  }
}

// MARK: - State

extension Learner {
  /// Prunes: what the masks name is 0 from here on, in the weights, in what the optimiser
  /// remembers, and in the average. Nil: nothing is kept at 0 any more.
  public mutating func mask(by masks: ParameterMasks?) {
    self.masks = masks
    guard let masks else { return }
    weights.apply(masks)
    average?.weights.apply(masks)
    optimizer.state = optimizer.state.map { state in
      var store = state.store
      store.apply(masks)
      return (state.name, store)
    }
  }

  /// Everything that steps change.
  public var snapshot: Snapshot {
    var snapshot = Snapshot()
    save(to: &snapshot)
    return snapshot
  }

  /// Puts everything that steps change into a snapshot.
  public func save(to snapshot: inout Snapshot) {
    snapshot.put(optimizer.steps, as: "optimizer.step")
    for (name, store) in stores { snapshot.put(store, as: name) }
    guard let masks else { return }
    for (name, mask) in zip(weights.tree.names, masks.values) {
      if let mask { snapshot.put(mask, as: "mask.\(name)") }
    }
  }

  /// Puts back what was saved: steps then continue to the same bits.
  ///
  /// - Throws: `TrainingError` if the snapshot has not the tensors of this model and recipe, or
  ///   has numbers that are not finite, unless these are allowed.
  public mutating func restore(_ snapshot: Snapshot, allowsNonFinite: Bool = false) throws {
    var (found, broken): ([ParameterStore], [String]) = ([], [])
    for (name, old) in stores {
      let store = try snapshot.store(name, old.tree)
      broken += store.nonFiniteNames.map { "\(name).\($0)" }
      found.append(store)
    }
    guard broken.isEmpty || allowsNonFinite else {
      let names = shortened(broken, to: 8)
      throw TrainingError(
        "\(snapshot.path): not all numbers are finite in \(names); --allow-nonfinite resumes all "
          + "the same")
    }
    let steps = try snapshot.integer("optimizer.step")
    let masks = try snapshot.masks(of: weights.tree)
    weights.replaceValues(by: found[0].values)
    optimizer.state = zip(optimizer.state, found.dropFirst()).map { ($0.name, $1) }
    optimizer.steps = steps
    if average != nil, let last = found.last { average?.weights.replaceValues(by: last.values) }
    self.masks = masks
  }

  /// What is shaped like the weights, each under its name in a snapshot.
  private var stores: [(name: String, store: ParameterStore)] {
    [("model", weights)] + optimizer.state.map { ("optimizer." + $0.name, $0.store) }
      + (average.map { [("model_ema", $0.weights)] } ?? [])
  }
}
