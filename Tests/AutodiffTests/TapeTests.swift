import Testing

@testable import Autodiff

/// What a tape records, how gradients add up, and when memory is written or free again.
@Suite struct TapeTests {
  struct Network: Module {
    let weight = Parameter([2, 3], kind: .weight, initial: .truncatedNormal(1))
    let bias = Parameter([2], kind: .bias, initial: .ones)
    let unused = Parameter([4], kind: .bias, initial: .ones)
    let number = Parameter([], kind: .gate, initial: .ones)
  }

  let network = Network()
  let tree: ParameterTree
  let weights: ParameterStore
  let x = tensor([4, 3], "x")

  init() {
    tree = ParameterTree(network)
    weights = ParameterStore(tree, seed: 0)
  }

  private func loss(_ tape: Tape) -> Variable {
    tape.constant(x).linear(tape[network.weight], bias: tape[network.bias]).gelu().weighed()
  }

  private func gradients(_ weights: ParameterStore) -> Gradients {
    let tape = Tape(weights)
    return tape.gradients(of: loss(tape))
  }

  @Test func gradientsOfParameters() {
    let tape = Tape(weights)
    let (w, b) = (tape.variable(weights["weight"]!), tape.variable(weights["bias"]!))
    var none = Gradients(tree)
    let expected = tape.accumulateGradients(
      of: tape.constant(x).linear(w, bias: b).gelu().weighed(), into: &none, at: [w, b])
    let found = gradients(weights)
    #expect([found[network.weight], found[network.bias]] == expected)
    #expect(found["bias"] == expected[1])
    #expect(found["nothing"] == nil)
    #expect(found.norm > 0)
    #expect(none.norm == 0)  // the loss was by the variables
    #expect(found[network.unused] == Tensor(repeating: 0, [4]))
    let squares = expected.flatMap(\.elements).reduce(0.0) { $0 + Double($1) * Double($1) }
    #expect(abs(found.norm / squares.squareRoot() - 1) < 1e-12)
  }

  @Test func accumulatingAddsUp() {
    let once = gradients(weights)
    var twice = once
    let tape = Tape(weights)
    tape.accumulateGradients(of: loss(tape), into: &twice)
    for slot in 0..<tree.count { #expect(twice[slot: slot] == 2 * once[slot: slot]) }
    #expect(once[network.bias] == gradients(weights)[network.bias])
  }

  /// Also where the loss is the parameter itself.
  @Test func accumulatesAParameterThatIsTheLoss() {
    var sum = Gradients(tree)
    for _ in 0..<3 {
      let tape = Tape(weights)
      tape.accumulateGradients(of: tape[network.number], into: &sum)
    }
    #expect(sum[network.number] == Tensor(3))
  }

  /// A parameter used twice has the sum of what two parameters would have had.
  @Test func tiedParameters() {
    let tape = Tape(weights)
    let w = tape[network.weight]
    let tied = tape.gradients(of: (w * w.exp()).weighed())[network.weight]
    let apart = Tape(weights)
    let (a, b) = (apart.variable(w.value), apart.variable(w.value))
    var none = Gradients(tree)
    let each = apart.accumulateGradients(of: (a * b.exp()).weighed(), into: &none, at: [a, b])
    #expect(largestDifference(tied, each[0] + each[1]) < 1e-6)
  }

  /// The derivative by a value in the middle is that of the rest as a function of it.
  @Test func derivativesByValuesInTheMiddle() {
    let tape = Tape(weights)
    let input = tape.variable(x)
    let hidden = input.linear(tape[network.weight], bias: tape[network.bias])
    let activated = hidden.gelu()
    let loss = activated.weighed()
    var gradients = Gradients(tree)
    let found = tape.accumulateGradients(
      of: loss, into: &gradients, at: [input, hidden, activated, loss, hidden.detached()])
    let plain = self.gradients(weights)
    #expect(gradients.values == plain.values, "nothing else changes")
    for (index, value) in [hidden.value, activated.value].enumerated() {
      let rest = Tape()
      let start = rest.variable(value)
      var none = Gradients(rest.weights.tree)
      let number = (index == 0 ? start.gelu() : start).weighed()
      #expect(rest.accumulateGradients(of: number, into: &none, at: [start]) == [found[index + 1]])
    }
    #expect(found[3] == Tensor(1))
    #expect(found[4] == Tensor(repeating: 0, hidden.shape), "no derivative flows through it")
  }

  /// A parameter may be asked for, too: what was summed before does not count for it.
  @Test func derivativesByParameters() {
    var gradients = Gradients(tree)
    for _ in 0..<2 {
      let tape = Tape(weights)
      let weight = tape[network.weight]
      let loss = tape.constant(x).linear(weight, bias: tape[network.bias]).gelu().weighed()
      let found = tape.accumulateGradients(of: loss, into: &gradients, at: [weight])
      #expect(found == [self.gradients(weights)[network.weight]])
    }
    let twice = self.gradients(weights)[network.weight]
    #expect(largestDifference(gradients[network.weight], twice + twice) < 1e-6)
  }

  // MARK: - Inference

  @Test func inferenceHasTheValues() {
    let x = Tape(weights, .inference).variable(x)
    let loss = x.linear(x.tape[network.weight], bias: x.tape[network.bias]).gelu().weighed()
    #expect(loss.value == self.loss(Tape(weights)).value)
  }

  /// In inference an intermediate value is free when nobody holds it; recorded, the tape does.
  @Test func inferenceHoldsNothing() {
    for (pass, isHeld) in [(Pass.inference, false), (Pass(), true)] {
      let tape = Tape(weights, pass)
      let watch = Watch()
      do { _ = watched(tape.variable(x), by: watch).squared() }
      #expect(watch.isAlive == isHeld)
      withExtendedLifetime(tape) {}
    }
  }

  /// A tape that was never differentiated is free, and so is what its operators captured.
  @Test func aTapeIsFreedWithoutDifferentiation() {
    weak var tape: Tape?
    let watch = Watch()
    do {
      let used = Tape(weights)
      tape = used
      let y = watched(used[network.weight].squared(), by: watch)
      let one = Heads(y, count: 1, size: 1)
      let attention = Variable.attention(one, one, one)
      _ = Variable.concatenated([attention, y], 1).permuted(1, 0).softmax().max(0).gathered(0, [0])
        .dropout(0.5).sum()
      withExtendedLifetime(used) { #expect(watch.isAlive) }
    }
    #expect(tape == nil)
    #expect(!watch.isAlive)
  }

  /// Differentiation uses up what was recorded, though the tape lives.
  @Test func differentiationFreesWhatWasRecorded() {
    let tape = Tape(weights)
    let watch = Watch()
    do {
      let loss = watched(tape[network.weight].squared(), by: watch).sum()
      _ = tape.gradients(of: loss)
    }
    #expect(!watch.isAlive)
    withExtendedLifetime(tape) {}
  }

  // MARK: - Writing in place

  private func addresses(_ store: inout ParameterStore) -> [UnsafeMutablePointer<Float>] {
    store.values.indices.map { store.values[$0].mutablePointer() }
  }

  /// Weights that only one store holds change where they are.
  @Test func theOptimiserWritesInPlace() {
    var weights = ParameterStore(tree, seed: 0)
    let start = weights.values.map(\.elements)
    let before = addresses(&weights)
    let gradients = gradients(weights)
    var optimizer = AdamW(tree)
    optimizer.step(&weights, by: gradients, rate: 0.1, on: WorkerPool(threads: 1))
    #expect(addresses(&weights) == before)
    #expect(weights.values[0].elements != start[0])
    #expect(weights.values[2].elements == start[2])  // no gradient, no decay
  }

  /// A snapshot, or a tape that holds one, does not see the step.
  @Test func aSnapshotIsNotWrittenTo() {
    var weights = ParameterStore(tree, seed: 0)
    let start = weights.values.map(\.elements)
    let before = addresses(&weights)
    let gradients = gradients(weights)
    let tape = Tape(weights)
    var optimizer = AdamW(tree)
    optimizer.step(&weights, by: gradients, rate: 0.1, on: WorkerPool(threads: 2))
    #expect(tape.weights.values.map(\.elements) == start)
    #expect(weights.values[0].elements != start[0])
    #expect(zip(addresses(&weights), before).allSatisfy { $0 != $1 })
  }

  /// Gradients are added to in place, and a copy of them is not.
  @Test func gradientsAreAddedToInPlace() {
    var sum = gradients(weights)
    let copy = sum
    let kept = copy[slot: 0].elements
    var tape = Tape(weights)
    tape.accumulateGradients(of: loss(tape), into: &sum)
    #expect(copy[slot: 0].elements == kept)
    let before = sum.values[0]!.pointer
    tape = Tape(weights)
    tape.accumulateGradients(of: loss(tape), into: &sum)
    #expect(sum.values[0]!.pointer == before)
  }
}

/// Tells whether what holds its token is still there.
private final class Watch: Sendable {
  final class Token: Sendable {}
  private struct Reference: @unchecked Sendable { weak var token: Token? }
  private let reference = Mutex(Reference())
  var isAlive: Bool { reference.withLock { $0.token != nil } }

  func makeToken() -> Token {
    let token = Token()
    reference.withLock { $0.token = token }
    return token
  }
}

/// The same value by an operator whose derivative holds a token.
private func watched(_ x: Variable, by watch: Watch) -> Variable {
  x.tape.operation(x.value, of: [x]) { [token = watch.makeToken()] gradient, inputs in
    withExtendedLifetime(token) { inputs.add(gradient, to: 0) }
  }
}
