import Autodiff
import Testing

/// What a dry run notes of operators by themselves.
@Suite struct CostsTests {
  private struct Projection: Module {
    let weight = Parameter([6, 2], kind: .weight, initial: .ones)
    let bias = Parameter([1, 5, 5], kind: .position, initial: .zeros)
  }
  private let module = Projection()

  /// What a tensor of so many numbers takes, behind a cache line of its own.
  private func bytes(_ count: Int) -> Int { 64 + 4 * count }

  /// Attention of 2 heads over 5 tokens of 3 images, with what is added to its scores.
  private func attention(_ tape: Tape, _ bias: Variable?) -> Variable {
    let x = tape.constant(Tensor(repeating: 1, [3, 5, 2]))
    let heads = Heads(x.linear(tape[module.weight]), count: 2, size: 3)
    return .attention(heads, heads, heads, bias: bias)
  }

  @Test func attentionWithAMaskOrABias() {
    let tree = ParameterTree(module)
    let mask = Tensor.mask(queries: 5, keys: 5) { $1 <= $0 }
    let counts = [Bool?.none, false, true].map { isLearned in
      Costs(tree, Pass()) { tape in
        attention(tape, isLearned.map { $0 ? tape[module.bias] : tape.constant(mask) })
      }
    }
    let linear = [
      MatrixProduct(15, 6, 2, second: true): 1, MatrixProduct(6, 2, 15, first: true): 1,
    ]
    let heads = [
      MatrixProduct(5, 5, 3, second: true): 18, MatrixProduct(5, 3, 5): 12,
      MatrixProduct(5, 3, 5, first: true): 12,
    ]
    for costs in counts { #expect(costs.products == linear.merging(heads) { $1 }) }
    #expect(counts.map(\.gradientBytes) == [bytes(12), bytes(12), bytes(12) + bytes(25)])
    #expect(counts[2].operators.map(\.name) == ["bias", "weight", "linear", "attention"])
    #expect(counts[2].operators.last?.inputs == [2, 2, 2, 0, nil, nil])
    #expect(counts[1].operators.last?.inputs == [1, 1, 1, nil, nil, nil])
  }

  @Test func productsAndWeightsOfAttention() {
    let costs = Costs(ParameterTree(module)) { tape in
      let x = tape.constant(Tensor(repeating: 1, [4, 5, 6]))
      let heads = Heads(x, count: 2, size: 3)
      return Variable.attentionWeights(heads, heads).matmul(
        tape.constant(Tensor(repeating: 1, [5, 7])))
    }
    #expect(
      costs.products == [MatrixProduct(5, 5, 3, second: true): 8, MatrixProduct(5, 7, 5): 8])
    #expect(costs.operators.map(\.name) == ["attentionWeights", "matmul"])
    #expect(costs.operators.map(\.shape) == [[4, 2, 5, 5], [4, 2, 5, 7]])
    #expect(costs.operators.allSatisfy { $0.output == nil })
  }

  /// Memory is what tensors take at a time, and of a pass that is recorded what they are kept for.
  @Test func bytesAreThoseInUseAtATime() {
    func costs(_ pass: Pass) -> Costs {
      Costs(ParameterTree(module), pass) { tape in
        let x = tape.variable(Tensor(repeating: 1, [1024]))
        return x.exp().exp().exp()
      }
    }
    #expect(costs(.inference).passBytes == 3 * bytes(1024))
    #expect(costs(.inference).operators.map(\.name) == ["exp", "exp", "exp"])
    // The input, three values, the derivative that was given, and one more as it is made.
    #expect((6...7).contains(costs(Pass()).passBytes / bytes(1024)))
    #expect(costs(Pass()).sharedBytes == 0)
  }

  /// Numbers that were there before are not lost in a copy that the model writes to.
  @Test func realNumbersStay() {
    let kept = Tensor([4], [1, 2, 3, 4])
    var written = kept
    _ = Costs(ParameterTree(module)) { tape in
      written = kept
      written.withUnsafeMutableBufferPointer { $0[0] = 9 }
      return tape.constant(written)
    }
    #expect(written.elements == [9, 2, 3, 4] && kept.elements == [1, 2, 3, 4])
  }

  @Test func costsWithinCosts() async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let tree = ParameterTree(Projection())
      _ = Costs(tree) { outer in
        _ = Costs(tree) { $0.constant(Tensor(1)) }
        return outer.constant(Tensor(1))
      }
    }
    let words = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(words.contains("Costs: asked for while costs are counted"))
  }

  /// A value that the tape shares is there when the pass that counts begins.
  @Test func whatIsSharedIsNotOfAPass() {
    let costs = Costs(ParameterTree(module), Pass()) { tape in
      tape.shared(module.bias) { [module] in $0[module.bias].matmul($0[module.bias]) }.sum()
    }
    #expect(costs.products.isEmpty && costs.operators.map(\.name) == ["shared bias", "sum"])
    #expect(costs.gradientBytes == bytes(25) && costs.sharedBytes == bytes(25))
  }
}
