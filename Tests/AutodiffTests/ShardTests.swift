import Autodiff
import Foundation
import Testing

/// The gradient of a batch in shards: the same bits for any number of threads.
@Suite struct ShardTests {
  /// Two layers, a norm, a value that shards share, and a parameter that takes no part.
  struct Network: Module {
    let first = Parameter([16, 6], kind: .weight, initial: .truncatedNormal(0.5))
    let scale = Parameter([16], kind: .norm, initial: .ones)
    let shift = Parameter([16], kind: .norm, initial: .zeros)
    let second = Parameter([4, 16], kind: .head, initial: .truncatedNormal(0.5))
    let unused = Parameter([3], kind: .bias, initial: .ones)

    /// The losses of samples in training, each with random numbers of its own: [B].
    func callAsFunction(_ tape: Tape, _ x: Tensor, _ labels: [Int]) -> Variable {
      tape.constant(x).linear(tape[first])
        .layerNorm(tape[scale], bias: tape[shift]).gelu().dropout(0.2)
        .linear(tape.shared(second, mixture)).crossEntropy(labels: labels)
    }

    /// A value of parameters alone, which depends on two of them.
    func mixture(_ tape: Tape) -> Variable { tape[second] * tape[shift].exp() }
  }

  struct Cut: Sendable, CustomTestStringConvertible {
    let count: Int, size: Int, lanes: Int
    var testDescription: String { "\(count) samples in shards of \(size) on \(lanes) lanes" }
  }

  static let cuts = [
    Cut(count: 1, size: 1, lanes: 1), Cut(count: 8, size: 2, lanes: 2),
    Cut(count: 17, size: 3, lanes: 4), Cut(count: 3, size: 8, lanes: 4),
    Cut(count: 23, size: 1, lanes: 5), Cut(count: 12, size: 4, lanes: 1),
    Cut(count: 13, size: 4, lanes: 9), Cut(count: 64, size: 2, lanes: 3),
  ]

  let network = Network()
  let weights: ParameterStore
  let tree: ParameterTree

  init() {
    tree = ParameterTree(network)
    weights = ParameterStore(tree, seed: 1)
  }

  private func losses(_ samples: Range<Int>, _ tape: Tape) -> Variable {
    network(tape, tensor([64, 6], "x").sliced(0, samples), samples.map { $0 % 4 })
  }

  private func pass(_ samples: Range<Int>) -> Pass {
    Pass(randomness: samples.map { Random(seed: 2).split($0) })
  }

  private func sharded(_ cut: Cut, threads: Int) throws -> (Gradients, [[Float]]) {
    let result = try Shards(size: cut.size, lanes: cut.lanes).gradients(
      of: cut.count, at: weights, on: WorkerPool(threads: threads), pass(0..<cut.count)
    ) { samples, tape in
      let losses = losses(samples, tape)
      return (losses, losses.value.elements)
    }
    return (result.gradients, result.outputs)
  }

  private func bits(_ gradients: Gradients) -> [[UInt32]] {
    tree.names.indices.map { gradients[slot: $0].elements.map(\.bitPattern) }
  }

  @Test(arguments: cuts) func threadsDoNotChangeABit(_ cut: Cut) throws {
    let (alone, losses) = try sharded(cut, threads: 1)
    for threads in [1, 2, 3, 5] {
      for _ in 0..<3 {
        let (gradients, outputs) = try sharded(cut, threads: threads)
        #expect(bits(gradients) == bits(alone), "\(threads) threads")
        #expect(outputs == losses)
      }
    }
  }

  /// Up to rounding the sum is the gradient of the batch in one piece, outputs are in its order.
  @Test(arguments: cuts) func addsUpToTheWholeBatch(_ cut: Cut) throws {
    let tape = Tape(weights, pass(0..<cut.count))
    let together = losses(0..<cut.count, tape)
    let losses = together.value.elements
    let whole = tape.gradients(of: together.mean())
    let (gradients, outputs) = try sharded(cut, threads: 2)
    for name in tree.names where name != "unused" {
      let (a, b) = (try #require(gradients[name]), try #require(whole[name]))
      #expect(largestDifference(a, b) < 2e-6, "\(name)")
    }
    #expect(gradients[network.unused] == Tensor(repeating: 0, [3]))
    #expect(
      outputs.map(\.count)
        == Shards(size: cut.size, lanes: cut.lanes).ranges(cut.count).map(\.count))
    let difference = zip(outputs.joined(), losses).map { abs($0 - $1) }.max() ?? 0
    #expect(difference < 1e-5)
  }

  /// Another cut may round otherwise: what makes the bits equal is the cut, not luck.
  @Test func anotherCutRoundsOtherwise() throws {
    let one = try sharded(Cut(count: 64, size: 64, lanes: 1), threads: 1).0
    let many = try sharded(Cut(count: 64, size: 2, lanes: 3), threads: 1).0
    #expect(bits(one) != bits(many))
  }

  @Test func rangesCoverTheBatchOnce() {
    #expect(Shards(size: 3, lanes: 2).ranges(8) == [0..<3, 3..<6, 6..<8])
    #expect(Shards(size: 3, lanes: 2).ranges(2) == [0..<2])
    #expect(Shards(size: 3, lanes: 2).ranges(0) == [])
    #expect(Shards(size: 1, lanes: 9).ranges(3) == [0..<1, 1..<2, 2..<3])
  }

  @Test func anEmptyBatchHasNoGradient() throws {
    let (gradients, outputs) = try sharded(Cut(count: 0, size: 4, lanes: 2), threads: 2)
    #expect(gradients.norm == 0)
    #expect(outputs.isEmpty)
  }

  private struct Failure: Error, Equatable { let sample: Int }

  /// A value that shards share is computed once, in training and in inference.
  @Test func sharedValuesAreComputedOnce() throws {
    let calls = Mutex(0)
    let shards = Shards(size: 2, lanes: 2)
    func value(_ tape: Tape) -> Variable {
      tape.shared(network.second) {
        calls.withLock { $0 += 1 }
        return $0[network.second].exp()
      }
    }
    let pool = WorkerPool(threads: 3)
    let (gradients, _) = try shards.gradients(of: 20, at: weights, on: pool) { _, tape in
      ((value(tape) + value(tape)).sum().broadcast(to: [2]), ())
    }
    #expect(calls.withLock { $0 } == 1)
    // 10 shards of two losses that have it twice each, and their mean.
    let expected = weights[network.second].elements.map { 2 * exp($0) }
    let largest = zip(gradients[network.second].elements, expected).map { abs($0 - $1) }.max() ?? 1
    #expect(largest < 1e-4)
    let frozen = FrozenWeights(weights)
    let sums = (0..<2).flatMap { _ in
      shards.outputs(of: 6, at: frozen, on: pool) { _, tape in value(tape).value[0, 0] }
    }
    #expect(sums.count == 6 && Set(sums).count == 1)
    #expect(calls.withLock { $0 } == 2)
  }

  /// The first error in the order of shards, whichever thread was first; all shards end before.
  @Test(arguments: [1, 2, 3, 5]) func rethrowsTheFirstError(_ threads: Int) {
    for lanes in [1, 2, 4] {
      let ended = Mutex(0)
      let error = #expect(throws: Failure.self) {
        try Shards(size: 2, lanes: lanes).gradients(
          of: 20, at: weights, on: WorkerPool(threads: threads), pass(0..<20)
        ) { samples, tape in
          defer { ended.withLock { $0 += 1 } }
          if samples.lowerBound >= 6 { throw Failure(sample: samples.lowerBound) }
          return (losses(samples, tape), ())
        }
      }
      #expect(error == Failure(sample: 6))
      #expect(ended.withLock { $0 } == 10)
    }
  }
}
