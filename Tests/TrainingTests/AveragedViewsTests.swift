import Autodiff
import ConViT
import Testing

@testable import Training

@Suite struct AveragedViewsTests {
  /// What a model is asked, with its inputs for answers.
  private struct Net: Model {
    final class Calls: @unchecked Sendable { var batches: [Int] = [] }

    let input: Shape = [2]
    let rows: Int
    let scale = Parameter([2, 2], kind: .weight, initial: .zeros)
    private let calls: Calls

    init(rows: Int = 1, _ calls: Calls = Calls()) { (self.rows, self.calls) = (rows, calls) }

    func callAsFunction(_ x: Variable) -> Variable {
      calls.batches.append(x.shape[0])
      return x.linear(x.tape[scale])
    }
  }

  private func answers(_ net: Net, _ x: Tensor) -> [Float] {
    var weights = ParameterStore(net, seed: 0)
    weights[net.scale] = Tensor([2, 2], [1, 0, 0, 1])
    let model = AveragedViews(net, views: x.shape[1])
    return model(Tape(weights, .inference).constant(x)).value.elements
  }

  /// Of a class that no view finds possible there is still a logarithm.
  @Test func nothingIsImpossible() {
    let logits = answers(Net(), Tensor([1, 2, 2], [0, 500, 0, 600]))
    #expect(logits[0].isFinite && logits[0] < -80 && abs(logits[1]) < 1e-6)
  }

  /// As many views at a time as have 800 rows, one at least; the answer is the same.
  @Test func aFewViewsAreInMemoryAtATime() {
    let x = Tensor([2, 5, 2], (0..<20).map { Float($0 * 7 % 11) / 10 })
    let all = answers(Net(), x)
    for (rows, batches) in [(1, [10]), (200, [4, 4, 2]), (500, [2, 2, 2, 2, 2])] {
      let calls = Net.Calls()
      let found = answers(Net(rows: rows, calls), x)
      #expect(calls.batches == batches)
      #expect(zip(found, all).allSatisfy { abs($0 - $1) < 1e-6 })
    }
  }
}
