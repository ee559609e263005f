import Autodiff
import Testing

/// A programmer's mistake ends the process with the operator's name and what was found.
@Suite struct PreconditionTests {
  struct One: Module { let weight = Parameter([2, 3], kind: .weight, initial: .zeros) }
  struct None: Module {}
  struct Other: Module { let weight = Parameter([9, 9], kind: .weight, initial: .zeros) }

  /// The last words of a process.
  private func message(_ result: ExitTest.Result?) throws -> String {
    String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
  }

  @Test func aTapeIsDifferentiatedOnce() async throws {
    let again = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let tape = Tape()
      let x = tape.variable(Tensor(2))
      _ = tape.gradients(of: x.squared())
      _ = tape.gradients(of: x)
    }
    #expect(try message(again).contains("Tape.gradients: it was differentiated already"))
    let stale = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let tape = Tape()
      let x = tape.variable(Tensor(2))
      _ = tape.gradients(of: x.squared())
      _ = x.squared()
    }
    #expect(try message(stale).contains("Tape: it was differentiated already"))
  }

  @Test func tapesDoNotMix() async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Tape().variable(Tensor(1)) + Tape().variable(Tensor(2)) }
    #expect(try message(result).contains("on other tapes"))
  }

  /// A derivative of another shape than its value's would be read and written beyond its memory,
  /// whether it is the first one or one of several, and added or accumulated.
  @Test func derivativesHaveTheShapeOfTheValue() async throws {
    let accumulated = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let tape = Tape()
      let x = tape.variable(Tensor(repeating: 1, [2]))
      let wrong = tape.operation(x.value, of: [x]) { _, inputs in
        inputs.accumulate(to: 0, shape: [3]) { _, _ in }
      }
      _ = tape.gradients(of: wrong.sum())
    }
    #expect(try message(accumulated).contains("a derivative of shape [3] by a value of shape [2]"))
    let added = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let weights = ParameterStore(One(), seed: 0)
      let tape = Tape(weights)
      let x = tape[weights.tree.parameters[0]]
      let wrong = tape.operation(x.value, of: [x]) { _, inputs in
        inputs.add(Tensor(repeating: 1, [64, 3]), to: 0)
      }
      _ = tape.gradients(of: wrong.sum())
    }
    #expect(try message(added).contains("a derivative of shape [64, 3] by a value of shape [2, 3]"))
    let checked = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let check = GradientCheck { x in
        x[0].tape.operation(x[0].value, of: [x[0]]) { gradient, inputs in
          inputs.add(gradient.reshaped([2, 1]), to: 0)
        }
      }
      _ = check.largestError(at: [Tensor(repeating: 1, [2])])
    }
    #expect(try message(checked).contains("[2, 1] by a value of shape [2]"))
  }

  @Test func derivativesAreAskedOfTheirOwnTape() async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let (tape, other) = (Tape(), Tape())
      let (x, y) = (tape.variable(Tensor(2)), other.variable(Tensor(3)))
      var gradients = Gradients(ParameterTree(None()))
      tape.accumulateGradients(of: x.squared(), into: &gradients, at: [y])
    }
    #expect(try message(result).contains("a variable to differentiate by is on another tape"))
    let sum = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let tape = Tape(ParameterStore(One(), seed: 0))
      var gradients = Gradients(ParameterTree(Other()))
      tape.accumulateGradients(of: tape.variable(Tensor(2)).squared(), into: &gradients)
    }
    #expect(try message(sum).contains("'into' is of the 1 parameters of another model"))
  }

  /// Two values by one parameter. (Not in the test itself: a macro's code is all of one line.)
  private static func twoValues(_ one: One, _ tape: Tape) -> Variable {
    let a = tape.shared(one.weight) { $0[one.weight].exp() }
    let b = tape.shared(one.weight) { $0[one.weight].squared() }
    return (a + b).sum()
  }

  /// The first of two values would be taken for both, in shards; a plain tape tells as well.
  @Test func aParameterHasOneSharedValue() async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let one = One()
      _ = Self.twoValues(one, Tape(ParameterStore(one, seed: 0)))
    }
    #expect(try message(result).contains("Tape.shared: weight has a shared value already, of Auto"))
    let sharded = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let one = One()
      _ = try? Shards(size: 1, lanes: 1).gradients(
        of: 2, at: ParameterStore(one, seed: 0), on: WorkerPool(threads: 1)
      ) { (Self.twoValues(one, $1).reshaped([1]), ()) }
    }
    #expect(try message(sharded).contains("needs a parameter of its own"))
  }

  @Test func weightsHaveTheShapesOfTheirParameters() async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var weights = ParameterStore(One(), seed: 0)
      weights.replaceValues(by: [Tensor(repeating: 0, [3, 2])])
    }
    #expect(try message(result).contains("weight has shape [2, 3], not [3, 2]"))
    let fewer = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var weights = ParameterStore(One(), seed: 0)
      weights.replaceValues(by: [])
    }
    #expect(try message(fewer).contains("0 values for 1 parameters"))
  }

  @Test func theStateOfAnotherModelIsRefused() async throws {
    let adam = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var optimizer = AdamW(ParameterTree(One()))
      optimizer.state = AdamW(ParameterTree(Other())).state
    }
    #expect(try message(adam).contains("AdamW.state: exp_avg is of the 1 parameters of another"))
    let lion = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let groups = ParameterGroups(ParameterTree(One()), weightDecay: 0)
      var optimizer = Lion(groups)
      optimizer.state = SGD(groups).state
    }
    #expect(try message(lion).contains(#"Lion.state: it is ["exp_avg"], and not ["momentum_"#))
  }

  @Test func shapesAreNamed() async throws {
    let matmul = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let tape = Tape()
      let (a, b) = (Tensor(repeating: 0, [2, 3]), Tensor(repeating: 0, [4, 5]))
      _ = tape.constant(a).matmul(tape.constant(b), transposingOther: true)
    }
    #expect(try message(matmul).contains("matmul: [2, 3] · [4, 5]ᵀ: inner sizes 3 and 5"))
    let permuted = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Tape().constant(Tensor(repeating: 0, [2, 3])).permuted(0, 2) }
    #expect(try message(permuted).contains("permuted: axes [0, 2] of [2, 3]"))
    let columns = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = Heads(Tape().constant(Tensor(repeating: 0, [2, 3, 8])), from: 5, count: 2, size: 2)
    }
    #expect(try message(columns).contains("Heads: 2 heads of 2 columns need columns 5 ..< 9 of"))
    #expect(try message(columns).contains("found [2, 3, 8]"))
    let bias = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let tape = Tape()
      let x = Heads(tape.constant(Tensor(repeating: 0, [2, 3, 8])), count: 2, size: 2)
      _ = Variable.attention(x, x, x, bias: tape.constant(Tensor(repeating: 0, [3, 3])))
    }
    #expect(try message(bias).contains("attention: bias [3, 3] for scores [2, 3, 3]"))
  }

  @Test func theOptimiserKnowsItsParameters() async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let other = ParameterTree(Other())
      var weights = ParameterStore(One(), seed: 0)
      var optimizer = AdamW(weights.tree)
      optimizer.step(&weights, by: Gradients(other), rate: 1, on: WorkerPool(threads: 1))
    }
    #expect(try message(result).contains("AdamW.step: weights and gradients are not of the 1"))
  }
}
