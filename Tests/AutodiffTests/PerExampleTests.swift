import Autodiff
import Testing

/// The gradients of single examples, each with its own loss and its own random numbers.
@Suite struct PerExampleTests {
  private let network = ShardTests.Network()
  private let weights: ParameterStore
  private let x = tensor([9, 6], "x")
  private let pass = Pass(randomness: (0..<9).map { Random(seed: 2).split($0) })

  init() { weights = ParameterStore(network, seed: 1) }

  private func loss(_ example: Int, _ tape: Tape) -> Variable {
    network(tape, x.sliced(0, example..<example + 1), [example % 4]).sum()
  }

  private func elements(_ gradients: Gradients) -> [[Float]] {
    weights.tree.names.indices.map { gradients[slot: $0].elements }
  }

  @Test func eachIsTheGradientOfItsOwnLoss() throws {
    let found = try Gradients.perExample(
      9, at: weights, on: WorkerPool(threads: 2), pass, loss: loss, taking: elements)
    for example in 0..<9 {
      let alone = Tape(weights, Pass(randomness: [Random(seed: 2).split(example)]))
      #expect(found[example] == elements(alone.gradients(of: loss(example, alone))))
    }
    #expect(Set(found.map { $0[0] }).count == 9)
  }

  /// Their mean is the gradient of the mean loss, shared values included.
  @Test func theirMeanIsTheGradientOfTheBatch() throws {
    let pool = WorkerPool(threads: 2)
    let batch = try Shards(size: 3, lanes: 2).gradients(of: 9, at: weights, on: pool, pass) {
      (network($1, x.sliced(0, $0), $0.map { $0 % 4 }), ())
    }.gradients
    let each = try Gradients.perExample(
      9, at: weights, on: pool, pass, loss: loss, taking: elements)
    for (slot, expected) in elements(batch).enumerated() {
      for (i, value) in expected.enumerated() {
        let mean = each.reduce(0) { $0 + $1[slot][i] } / 9
        #expect(abs(mean - value) < 1e-6, "\(weights.tree.names[slot]) \(i)")
      }
    }
  }

  @Test(arguments: [1, 3, 5]) func threadsDoNotChangeABit(threads: Int) throws {
    func norms(_ threads: Int) throws -> [Double] {
      try Gradients.perExample(9, at: weights, on: WorkerPool(threads: threads), pass, loss: loss) {
        $0.norm
      }
    }
    #expect(try norms(threads) == norms(2))
  }

  private struct Failure: Error, Equatable { let example: Int }

  @Test func theFirstErrorIsThrown() {
    #expect(throws: Failure(example: 2)) {
      try Gradients.perExample(9, at: weights, on: WorkerPool(threads: 3)) { example, tape in
        if [2, 5, 8].contains(example) { throw Failure(example: example) }
        return loss(example, tape)
      } taking: {
        $0.norm
      }
    }
  }
}
