import Autodiff
import Testing

#if DEBUG  // optimised code stops without a word

  /// A programmer's mistake ends the process with the operator's name and what was found.
  @Suite struct PreconditionTests {
    struct One: Module { let weight = Parameter([2, 3], kind: .weight, initial: .zeros) }
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

    /// A derivative of another shape than its value's would be written beyond its memory.
    @Test func derivativesHaveTheShapeOfTheValue() async throws {
      let result = await #expect(
        processExitsWith: .failure, observing: [\.standardErrorContent]
      ) {
        let tape = Tape()
        let x = tape.variable(Tensor(repeating: 1, [2]))
        let wrong = tape.operation(x.value, of: [x]) { _, inputs in
          inputs.accumulate(to: 0, shape: [3]) { _, _ in }
        }
        _ = tape.gradients(of: (wrong + x).sum())
      }
      #expect(try message(result).contains("[2] and [3]"))
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
        let x = Tape().constant(Tensor(repeating: 0, [2, 3, 8]))
        let (q, v) = (HeadColumns(x), HeadColumns(x, from: 5))
        _ = Variable.attention(q, q, v, heads: 2, width: 4, scale: 1)
      }
      #expect(try message(columns).contains("attention: columns 5 ..< 9 of [2, 3, 8]"))
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

    @Test func poolsDoNotNest() async throws {
      let result = await #expect(
        processExitsWith: .failure, observing: [\.standardErrorContent]
      ) {
        let pool = WorkerPool(threads: 2)
        pool.run(2) { _ in pool.run(2) { _ in } }
      }
      #expect(try message(result).contains("WorkerPool.run: called from one of its own tasks"))
    }
  }

#endif
