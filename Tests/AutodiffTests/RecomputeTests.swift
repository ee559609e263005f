import Testing

@testable import Autodiff

/// What is computed once more for its derivative has the same derivatives, to the bit.
@Suite struct RecomputeTests {
  struct Network: Module {
    let first = Parameter([8, 6], kind: .weight, initial: .truncatedNormal(0.5))
    let second = Parameter([8, 8], kind: .weight, initial: .truncatedNormal(0.5))
    let unused = Parameter([2], kind: .bias, initial: .ones)
  }
  let network = Network()
  let weights: ParameterStore
  let sources = (0..<4).map { Random(seed: 3).split($0) }

  init() { weights = ParameterStore(network, seed: 2) }

  private func run(
    shared: SharedValues? = nil, _ body: (Tape, Variable) -> Variable
  ) -> (value: Tensor, derivative: Tensor, gradients: Gradients) {
    let tape = Tape(weights, Pass(randomness: sources), shared: shared)
    let x = tape.variable(tensor([4, 6], "x"))
    let y = body(tape, x)
    var gradients = Gradients(weights.tree)
    let dx = tape.accumulateGradients(of: y.squared().sum(), into: &gradients, at: [x])
    shared?.differentiate(into: &gradients)
    return (y.value, dx[0], gradients)
  }

  private func layers(_ x: Variable) -> Variable {
    let h = x.linear(x.tape[network.first]).gelu().dropout(0.3)
    return h.linear(x.tape.shared(network.second, mixture)).dropout(0.3)
  }

  private func mixture(_ tape: Tape) -> Variable { tape[network.second].exp() }

  private func expectEqual(
    _ a: (value: Tensor, derivative: Tensor, gradients: Gradients),
    _ b: (value: Tensor, derivative: Tensor, gradients: Gradients)
  ) {
    #expect(a.value == b.value)
    #expect(a.derivative == b.derivative)
    for name in weights.tree.names { #expect(a.gradients[name] == b.gradients[name], "\(name)") }
  }

  @Test func derivativesAreTheSame() {
    let plain = run { layers(layers($1).sliced(1, 0..<6)) }
    let calls = Mutex(0)
    let recomputed = run { tape, x in
      let h = tape.recomputed([x]) { inputs in
        calls.withLock { $0 += 1 }
        return layers(inputs[0])
      }
      return layers(h.sliced(1, 0..<6))
    }
    expectEqual(plain, recomputed)
    #expect(calls.withLock { $0 } == 2)  // forward, and once more
    #expect(plain.value != run { layers(layers($1).sliced(1, 0..<6) + 1) }.value)
  }

  /// A shared value small enough to be recorded, and one that each shard differentiates.
  @Test(arguments: [1, 1000]) func sharedValuesOfAnySize(_ largeCount: Int) {
    let plain = run { layers($1) }
    let values = SharedValues(weights, Pass(), largeCount: largeCount)
    expectEqual(plain, run(shared: values) { layers($1) })
    let others = SharedValues(weights, Pass(), largeCount: largeCount)
    expectEqual(plain, run(shared: others) { $0.recomputed([$1]) { layers($0[0]) } })
  }

  @Test func inferenceJustRuns() {
    let tape = Tape(weights, .inference)
    let x = tape.constant(tensor([4, 6], "x"))
    #expect(tape.recomputed([x]) { layers($0[0]) }.value == layers(x).value)
  }
}
