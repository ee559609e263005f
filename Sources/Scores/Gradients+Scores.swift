import Autodiff
import ConViT

extension Gradients {
  /// The gradient of one example's cross-entropy: [1] + `model.input`.
  init(of model: any Model, _ weights: ParameterStore, example: Tensor, label: Int) {
    let tape = Tape(weights)
    self = tape.gradients(of: model(tape.constant(example)).crossEntropy(labels: [label]).sum())
  }

  /// Σ f(g · θ) over the numbers of one parameter.
  func sum(
    _ f: (Double) -> Double, ofProductsWith weights: ParameterStore, slot: Int
  ) -> Double {
    self[slot: slot].withUnsafeBufferPointer { gradient in
      weights.values[slot].withUnsafeBufferPointer { weight in
        weight.indices.reduce(0) { $0 + f(Double(gradient[$1]) * Double(weight[$1])) }
      }
    }
  }
}
