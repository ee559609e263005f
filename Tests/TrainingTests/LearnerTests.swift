import Autodiff
import ConViT
import Foundation
import Images
import Testing

@testable import Recipes
@testable import Training

/// A model that is no transformer, on numbers that are no images.
private struct TwoLayers: Model {
  let input: Shape = [6]
  let fc1 = Linear(6, 16)
  let fc2 = Linear(16, 3, kind: .head)

  func callAsFunction(_ x: Variable) -> Variable { fc2(fc1(x).gelu().dropout(0.1)) }
}

/// What every model is trained with, whatever it is.
struct LearnerTests {
  private let model = TwoLayers()
  private let pool = WorkerPool(threads: 2)

  /// Points in six dimensions, whose class is where the first three are largest.
  private func batch(_ indices: Range<Int>) -> Batch {
    let points = indices.map { index in
      var random = Random(seed: 9).split(index)
      return (0..<6).map { _ in Float(random.normal()) }
    }
    let labels = points.map { point in (0..<3).max { point[$0] < point[$1] } ?? 0 }
    return Batch(
      inputs: Tensor([indices.count, 6], points.flatMap(\.self)), labels: labels,
      indices: Array(indices))
  }

  private func recipe(
    _ optimizer: @escaping @Sendable (ParameterTree) -> any Optimizer = {
      AdamW($0, weightDecay: 0.05)
    }
  ) -> Recipe {
    var recipe = Recipe(objective: CrossEntropy(smoothing: 0.1), optimizer: optimizer)
    (recipe.clipping, recipe.averageDecay, recipe.seed) = (.norm(1), 0.9, 3)
    return recipe
  }

  private func learner(_ recipe: Recipe) -> Learner {
    Learner(model, ParameterStore(model, seed: 1), recipe)
  }

  private func train(
    _ learner: inout Learner, _ steps: Range<Int>, on pool: WorkerPool? = nil
  ) throws -> [StepResult] {
    try steps.map {
      try learner.step(batch($0 * 32..<($0 + 1) * 32), epoch: 0, rate: 0.01, on: pool ?? self.pool)
    }
  }

  @Test func anyModelLearnsOnAnyNumbers() throws {
    var learner = learner(recipe())
    let results = try train(&learner, 0..<150)
    #expect(results[149].loss < 0.6 * results[0].loss && results[149].accuracy > 85)
    let (held, weights) = (batch(9000..<9200), FrozenWeights(learner.average!.weights))
    let logits = model.logits(of: held.inputs, weights, on: pool)
    let totals = ClassificationTotals(logits: logits, labels: held.labels)
    #expect(totals.accuracy1 > 85)
  }

  /// What a step says of each example is what the model says of it then.
  @Test func aStepTellsOfEachExample() throws {
    var recipe = Recipe { SGD(ParameterGroups($0, weightDecay: 0)) }
    recipe.shards = Shards(size: 5, lanes: 2)
    let model = Plain()
    var learner = Learner(model, ParameterStore(model, seed: 1), recipe)
    let batch = batch(40..<57)
    let tape = Tape(learner.weights, .inference)
    let logits = model(tape.constant(batch.inputs))
    let losses = logits.crossEntropy(labels: batch.labels).value.elements
    let result = try learner.step(batch, epoch: 0, rate: 0.1, on: pool)
    #expect(result.examples.map(\.index) == batch.indices)
    #expect(result.examples.map(\.label) == batch.labels)
    for (row, example) in result.examples.enumerated() {
      #expect(abs(example.loss - losses[row]) < 1e-6)
      let largest = (0..<3).max { logits.value[row, $0] < logits.value[row, $1] }
      #expect(example.predicted == largest)
    }
    #expect(abs(result.loss - Double(losses.reduce(0, +) / 17)) < 1e-6)
  }

  private struct Plain: Model {
    let input: Shape = [6]
    let fc = Linear(6, 3, kind: .head)
    func callAsFunction(_ x: Variable) -> Variable { fc(x) }
  }

  /// Interrupted after any step, in memory and through a file, with one thread and with three.
  @Test(arguments: [1, 3]) func resumesBitForBit(_ threads: Int) throws {
    let file = NSTemporaryDirectory() + "moment-\(UUID().uuidString).safetensors"
    defer { try? FileManager.default.removeItem(atPath: file) }
    for optimizer in Self.optimizers {
      var whole = learner(recipe(optimizer))
      _ = try train(&whole, 0..<6)
      var first = learner(recipe(optimizer))
      _ = try train(&first, 0..<4)
      try first.snapshot.write(to: file)
      for snapshot in [
        first.snapshot, try Snapshot(contentsOf: file),
      ] {
        var second = learner(recipe(optimizer))
        try second.restore(snapshot)
        let results = try train(&second, 4..<6, on: WorkerPool(threads: threads))
        #expect(results.count == 2 && second.weights.values == whole.weights.values)
        #expect(second.average?.weights.values == whole.average?.weights.values)
        #expect(second.optimizer.steps == 6)
      }
    }
  }

  private static let optimizers: [@Sendable (ParameterTree) -> any Optimizer] = [
    { AdamW($0, weightDecay: 0.1) },
    { SGD(ParameterGroups($0, weightDecay: 0.1), momentum: 0.9, isNesterov: true) },
    { Lion(ParameterGroups($0, weightDecay: 0.1)) },
  ]

  /// Pruned in the middle of a training, a hundred steps later, and after it was interrupted.
  @Test func whatIsPrunedStaysZero() throws {
    for optimizer in Self.optimizers {
      var learner = learner(recipe(optimizer))
      _ = try train(&learner, 0..<3)
      var masks = ParameterMasks(learner.weights.tree)
      masks[model.fc1.weight] = Tensor([16, 6], (0..<96).map { $0 % 3 == 0 ? 0 : 1 })
      masks[model.fc2.bias!] = Tensor([3], [1, 0, 1])
      #expect(masks.keptCount == learner.weights.tree.elementCount - 33)
      learner.mask(by: masks)
      _ = try train(&learner, 3..<60)
      var resumed = self.learner(recipe(optimizer))
      try resumed.restore(learner.snapshot)
      _ = try train(&resumed, 60..<103)
      _ = try train(&learner, 60..<103)
      #expect(resumed.weights.values == learner.weights.values)
      let stores = [resumed.weights, resumed.average!.weights]
      for store in stores + resumed.optimizer.state.map(\.store) {
        let (fc1, bias) = (store[model.fc1.weight].elements, store[model.fc2.bias!].elements)
        #expect(fc1.enumerated().allSatisfy { ($0.offset % 3 == 0) == ($0.element == 0) })
        #expect(bias[1] == 0 && bias[0] != 0 && bias[2] != 0)
      }
    }
  }

  /// Masks are a part of what is restored, and what they prune is no part of a gradient's norm.
  @Test func masksOfASnapshotAndANorm() throws {
    var learner = learner(recipe())
    let whole = learner.snapshot
    var masks = ParameterMasks(learner.weights.tree)
    for (slot, value) in learner.weights.values.enumerated() {
      masks[slot: slot] = Tensor(repeating: 0, value.shape)
    }
    learner.mask(by: masks)
    #expect(try train(&learner, 0..<1)[0].gradientNorm == 0)
    try learner.restore(whole)
    #expect(learner.masks == nil)
    #expect(try train(&learner, 0..<1)[0].gradientNorm > 0)
  }

  @Test func aSnapshotOfSomethingElseIsRefused() throws {
    let other = Plain()
    let snapshot = Learner(other, ParameterStore(other, seed: 1), recipe()).snapshot
    var learner = learner(recipe())
    let before = learner.weights.values
    #expect(throws: TrainingError.self) { try learner.restore(snapshot) }
    var broken = learner.snapshot
    broken.put(Tensor(repeating: .nan, [3]), as: "model.fc2.bias")
    let error = #expect(throws: TrainingError.self) { try learner.restore(broken) }
    #expect(error?.message.contains("not all numbers are finite in model.fc2.bias") == true)
    var mask = learner.snapshot
    mask.put(Tensor(repeating: 0.5, [3]), as: "mask.fc2.bias")
    #expect(throws: TrainingError.self) { try learner.restore(mask) }
    #expect(learner.weights.values == before)
  }

  /// What is frozen does not move, and the rest does.
  @Test func frozenStays() throws {
    var recipe = recipe()
    recipe.pass.frozen = !.kind(.head)
    var learner = learner(recipe)
    let before = learner.weights
    _ = try train(&learner, 0..<5)
    for (slot, name) in before.tree.names.enumerated() {
      let isSame = before[slot: slot] == learner.weights[slot: slot]
      #expect(isSame == (name != "fc2.weight"), "\(name)")
    }
  }
}
