import Autodiff
import ConViT
import DoubleNumerics

/// What flows through a model of magnitudes: all parameters are replaced by their absolute values,
/// all inputs are 1, and R is the sum of the outputs. Neither data nor labels are needed.
///
/// Sources: Tanaka, Kunin, Yamins and Ganguli, Pruning neural networks without any data by
/// iteratively conserving synaptic flow (NeurIPS 2020); Zhou et al., Training-free Transformer
/// Architecture Search (CVPR 2022), for ``diversityAndSaliency``.
public struct SynapticFlow: Sendable {
  private let weights: ParameterStore  // of magnitudes
  private let gradients: Gradients

  /// The flow through a model at `weights`.
  public init(through model: any Model, _ weights: ParameterStore) {
    var magnitudes = weights
    magnitudes.replaceValues(
      by: weights.values.map { value in
        Tensor(value.shape, value.withUnsafeBufferPointer { $0.map(abs) })
      })
    let tape = Tape(magnitudes)
    let ones = Tensor(repeating: 1, Shape([1] + model.input.sizes))
    gradients = tape.gradients(of: model(tape.constant(ones)).sum())
    self.weights = magnitudes
  }

  /// Σ |θ| ⊙ ∂R/∂|θ| of each parameter, in the model's order. In a chain of linear layers and
  /// ReLUs without biases all layers have the same, R.
  public var byParameter: [(name: String, flow: Double)] {
    weights.tree.names.indices.map {
      (weights.tree.names[$0], gradients.sum({ $0 }, ofProductsWith: weights, slot: $0))
    }
  }

  /// |θ| ⊙ ∂R/∂|θ| of each weight, by parameter in the model's order: what a weight carries.
  package var byWeight: [Tensor] {
    weights.values.enumerated().map { slot, value in
      Tensor(value.shape, zip(value.elements, gradients[slot: slot].elements).map { $0 * $1 })
    }
  }

  /// SynFlow: the sum over all parameters.
  public var total: Double { byParameter.reduce(0) { $0 + $1.flow } }

  /// DSS: of the matrices of attention the diversity ‖∂R/∂W‖_* · ‖W‖_*, of those of all else
  /// (MLPs, patches, heads) the saliency Σ |∂R/∂W ⊙ W|.
  public var diversityAndSaliency: Double {
    let tree = weights.tree
    return tree.parameters.indices.reduce(0) { sum, slot in
      let parameter = tree.parameters[slot]
      guard parameter.shape.rank > 1, [.weight, .head].contains(parameter.kind) else { return sum }
      let isAttention = tree.names[slot].split(separator: ".").contains("attn")
      guard isAttention, parameter.shape.rank == 2 else {
        return sum + gradients.sum(abs, ofProductsWith: weights, slot: slot)
      }
      return sum + nuclearNorm(gradients[slot: slot]) * nuclearNorm(weights.values[slot])
    }
  }

  /// The sum of the singular values; NaN where a number is not finite.
  private func nuclearNorm(_ matrix: Tensor) -> Double {
    let numbers = matrix.withUnsafeBufferPointer { $0.map(Double.init) }
    let values = Matrix(matrix.shape[0], matrix.shape[1], numbers).singularValues()
    return values.map { $0.reduce(0, +) } ?? .nan
  }
}
