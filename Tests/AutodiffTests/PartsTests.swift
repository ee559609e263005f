import Testing

@testable import Autodiff

/// Batches that come in parts, and parameters that are constants.
@Suite struct PartsTests {
  struct Network: Module {
    let first = Parameter([16, 6], kind: .weight, initial: .truncatedNormal(0.5))
    let bias = Parameter([16], kind: .bias, initial: .truncatedNormal(0.5))
    let shift = Parameter([4, 16], kind: .weight, initial: .truncatedNormal(0.5))
    let second = Parameter([4, 16], kind: .head, initial: .truncatedNormal(0.5))

    /// The losses of samples; `shift` takes part through a value that shards share.
    func callAsFunction(_ tape: Tape, _ x: Tensor, _ labels: [Int]) -> Variable {
      let mixture = tape.shared(second) { $0[second] * $0[shift].exp() }
      return tape.recomputed([tape.constant(x)]) { inputs in
        let tape = inputs[0].tape
        return inputs[0].linear(tape[first], bias: tape[bias]).gelu()
      }.linear(mixture).crossEntropy(labels: labels)
    }
  }

  let network = Network()
  let x = tensor([64, 6], "x")

  private func loss(_ samples: Range<Int>, _ tape: Tape) -> (losses: Variable, output: Float) {
    let losses = network(tape, x.sliced(0, samples), samples.map { $0 % 4 })
    return (losses, losses.value.elements.reduce(0, +))
  }

  /// The gradients of 40 samples in parts, in shards of 4, and the losses of the shards.
  private func gradients(
    of weights: ParameterStore, in parts: [Int], threads: Int = 2, lanes: Int = 3,
    _ pass: Pass = Pass()
  ) throws -> ([[UInt32]], [Float]) {
    var (first, losses) = (0, [Float]())
    let sum = try Shards(size: 4, lanes: lanes).gradients(
      of: parts.reduce(0, +), at: weights, on: WorkerPool(threads: threads), pass
    ) { (sum: GradientSum<Float>) in
      for part in parts {
        losses += try sum.add(part) {
          loss(first + $0.lowerBound..<first + $0.upperBound, $1)
        }
        first += part
      }
    }
    return (
      weights.tree.names.indices.map { sum[slot: $0].elements.map(\.bitPattern) }, losses
    )
  }

  /// The lanes are fed on where the part before has stopped.
  @Test(arguments: [[20, 20], [4, 36], [12, 12, 12, 4], [36, 4]])
  func partsOfWholeShardsHaveTheBitsOfOne(_ parts: [Int]) throws {
    let weights = ParameterStore(network, seed: 3)
    let whole = try gradients(of: weights, in: [40])
    for threads in 1...3 {
      let result = try gradients(of: weights, in: parts, threads: threads)
      #expect(result.0 == whole.0 && result.1 == whole.1, "\(threads) threads")
    }
  }

  /// Parts that cut shards are the same sum, rounded otherwise.
  @Test func otherPartsDiffer() throws {
    let weights = ParameterStore(network, seed: 3)
    let (whole, odd) = (
      try gradients(of: weights, in: [40]).0, try gradients(of: weights, in: [18, 22]).0
    )
    #expect(whole != odd)
    for (a, b) in zip(whole.joined(), odd.joined()) {
      #expect(abs(Float(bitPattern: a) - Float(bitPattern: b)) < 1e-4)
    }
  }

  /// What is a constant has no derivative, and the others' are what they were.
  @Test(arguments: [[0], [1], [2], [3], [2, 3], [0, 1], [0, 1, 2, 3]])
  func constantsHaveNoDerivative(_ slots: [Int]) throws {
    let weights = ParameterStore(network, seed: 3)
    let all = try gradients(of: weights, in: [40]).0
    let names = slots.map { weights.tree.names[$0] }
    let pass = Pass(frozen: ParameterSelection { name, _ in names.contains(name) })
    let some = try gradients(of: weights, in: [40], pass).0
    for slot in all.indices {
      let isZero = some[slot].allSatisfy { $0 == 0 }
      #expect(slots.contains(slot) ? isZero : some[slot] == all[slot], "slot \(slot)")
    }
    let tape = Tape(weights, pass)
    let (losses, _) = loss(0..<4, tape)
    let values = tape.gradients(of: losses.sum()).values
    #expect(slots.allSatisfy { values[$0] == nil })
  }

  /// They stay what they are under every optimiser, decay or not, as in PyTorch without a `grad`.
  @Test func constantsAreNotDecayed() throws {
    let pool = WorkerPool(threads: 2)
    let start = ParameterStore(network, seed: 3)
    let groups = ParameterGroups(start.tree, weightDecay: 0.1)
    let optimizers: [any Optimizer] = [AdamW(groups), SGD(groups), Lion(groups)]
    for optimizer in optimizers {
      var (optimizer, weights) = (optimizer, start)
      let pass = Pass(frozen: .named(weights.tree.names[0]))
      for _ in 0..<10 {
        let tape = Tape(weights, pass)
        let gradients = tape.gradients(of: loss(0..<4, tape).0.sum())
        optimizer.step(&weights, by: gradients, rate: 0.1, on: pool)
      }
      #expect(weights.values[0] == start.values[0], "\(type(of: optimizer))")
      #expect(weights.values[1] != start.values[1])
    }
  }
}
