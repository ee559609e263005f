import Autodiff
import ConViT
import Testing

@testable import Scores

@Suite struct SynapticFlowTests {
  private struct Chain: Model {
    let input: Shape = [6]
    let layers = [
      Linear(6, 9, bias: false), Linear(9, 4, bias: false), Linear(4, 3, bias: false, kind: .head),
    ]
    func callAsFunction(_ x: Variable) -> Variable { layers.reduce(x) { $1($0) } }
  }

  /// What flows through a chain is the same in every layer: the sum of the outputs.
  @Test func flowIsConserved() {
    let model = Chain()
    let weights = ParameterStore(model, seed: 1)
    let flow = SynapticFlow(through: model, weights)
    func magnitudes(_ slot: Int) -> [Float] {
      weights.values[slot].withUnsafeBufferPointer { $0.map(abs) }
    }
    var x = Array(repeating: Float(1), count: 6)
    for (slot, width) in [9, 4, 3].enumerated() {
      let w = magnitudes(slot)
      x = (0..<width).map { row in
        x.indices.reduce(0) { $0 + w[row * x.count + $1] * x[$1] }
      }
    }
    let sum = Double(x.reduce(0, +))
    #expect(flow.byParameter.count == 3 && sum > 0)
    for (name, value) in flow.byParameter { #expect(abs(value - sum) < 1e-5 * sum, "\(name)") }
    #expect(abs(flow.total - 3 * sum) < 1e-5 * sum)
    #expect(abs(flow.diversityAndSaliency - 3 * sum) < 1e-5 * sum)  // no attention: saliency
  }

  /// An attention's matrix counts by its singular values: 3 and 1 here, with a derivative of ones.
  @Test func attentionCountsByItsSpectrum() {
    struct Looking: Model {
      let input: Shape = [2]
      let attn = Linear(2, 2, bias: false)
      func callAsFunction(_ x: Variable) -> Variable { attn(x) }
    }
    let model = Looking()
    let weights = ParameterStore(ParameterTree(model), [Tensor([2, 2], [2, -1, 1, 2])])
    let flow = SynapticFlow(through: model, weights)
    // |W| = [[2, 1], [1, 2]] has 3 and 1; ∂R/∂W is ones, of singular values 2 and 0.
    #expect(abs(flow.diversityAndSaliency - 4 * 2) < 1e-6)
    #expect(abs(flow.total - 6) < 1e-6)
  }
}
