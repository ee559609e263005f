import Autodiff
import Testing

/// Mistakes of newcomers that would train something else without a word: each ends the process, and
/// says what to do.
@Suite struct MisuseTests {
  private struct Layer: Module {
    let weight = Parameter([3, 2], kind: .weight, initial: .ones)
    func callAsFunction(_ x: Variable) -> Variable { x.linear(x.tape[weight]) }
  }
  private struct Stack: Module { let layers = Array(repeating: Layer(), count: 3) }
  private struct Tied: Module {
    let first: Layer
    let second: Layer
    init() {
      first = Layer()
      second = first
    }
  }

  private func expect(_ result: ExitTest.Result?, says text: String) throws {
    let words = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(words.contains(text), "\(words)")
  }

  @Test func softmaxBeforeCrossEntropy() async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let logits = Tape().variable(Tensor([2, 3], [1, 2, 3, 3, 2, 1]))
      _ = logits.softmax().crossEntropy(labels: [0, 1])
    }
    try expect(result, says: "crossEntropy: the rows of [2, 3] are probabilities")
    let one = Tape().variable(Tensor([2, 2], [0.5, 0.5, 3, -2]))  // one row could be logits
    #expect(one.crossEntropy(labels: [0, 1]).value.isFinite)
  }

  @Test func aLossOverNothing() async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = Tape().variable(Tensor([0, 3], [])).crossEntropy(labels: []).mean()
    }
    try expect(result, says: "mean: of no elements, [0]")
  }

  @Test func gradientsOfAnInference() async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let layer = Layer()
      let tape = Tape(ParameterStore(layer, seed: 0), .inference)
      _ = tape.gradients(of: layer(tape.constant(Tensor([1, 2], [1, 2]))).mean())
    }
    try expect(result, says: "Tape.gradients: this pass is for inference")
  }

  @Test(arguments: ["-1.0", "nan", "inf"], 0..<3)
  func aLearningRateThatIsNone(_ rate: String, _ kind: Int) async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [rate, kind] in
      var weights = ParameterStore(Layer(), seed: 0)
      let groups = ParameterGroups(weights.tree, weightDecay: 0)
      var optimizer: any Optimizer = [AdamW(groups), SGD(groups), Lion(groups)][kind]
      optimizer.step(
        &weights, by: Gradients(weights.tree), rate: Double(rate) ?? 0, on: WorkerPool(threads: 1))
    }
    try expect(result, says: "step: the learning rate is \(rate)")
  }

  /// Otherwise one NaN of a pixel would be in all weights after the step.
  @Test func clippingOfWhatIsNotFinite() async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Gradients.scale(norm: .nan, bound: 1) }
    try expect(result, says: "Gradients.scale: the norm is nan; leave such a step out")
  }

  @Test func oneLayerForAllOfAnArray() async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = ParameterTree(Stack()) }
    try expect(result, says: "layers.0.weight and layers.1.weight are one parameter; make each")
    #expect(ParameterTree(Tied()).names == ["first.weight"])  // as it is meant there
  }

  @Test func aMeanInEachShard() async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let layer = Layer()
      _ = try Shards(size: 2, lanes: 1).gradients(
        of: 4, at: ParameterStore(layer, seed: 0), on: WorkerPool(threads: 1)
      ) { samples, tape in
        let x = tape.constant(Tensor(repeating: 1, [samples.count, 2]))
        return (layer(x).crossEntropy(labels: samples.map { _ in 0 }).mean(), ())
      }
    }
    try expect(result, says: "losses of shape [] for 2 samples, of which each has one")
  }

  @Test func dropoutWithoutRandomNumbers() async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { try Self.shards(Pass()) }
    try expect(result, says: "dropout: a rate of 0.5 in a training step without random numbers")
    try Self.shards(Pass(randomness: []))  // drops nothing, as it says
    try Self.shards(Pass(randomness: (0..<4).map { Random(seed: 0).split($0) }))
  }

  private static func shards(_ pass: Pass) throws {
    let layer = Layer()
    _ = try Shards(size: 2, lanes: 1).gradients(
      of: 4, at: ParameterStore(layer, seed: 0), on: WorkerPool(threads: 1), pass
    ) { samples, tape in
      let x = tape.constant(Tensor(repeating: 1, [samples.count, 2])).dropout(0.5)
      return (layer(x).crossEntropy(labels: samples.map { _ in 0 }), ())
    }
  }
}
