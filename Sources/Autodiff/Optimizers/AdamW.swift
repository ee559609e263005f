import CKernels
import Foundation

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019), as `torch.optim.AdamW`.
///
///     m ← β₁m + (1 − β₁)g;  v ← β₂v + (1 − β₂)g²
///     w ← w · (1 − rate · decay) − rate · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
public struct AdamW: Sendable {
  /// How slowly the two moments change, β₁ and β₂.
  public let betas: (Float, Float)
  /// What keeps the division finite, ε.
  public let epsilon: Float
  /// The decay of the parameters that `decays` holds for.
  public let weightDecay: Float
  /// The moments of the gradients, m and v, shaped like the weights.
  public private(set) var moments: (first: ParameterStore, second: ParameterStore)
  /// The steps made, t.
  public private(set) var steps = 0

  /// An optimiser of the parameters of `tree` that has made no step.
  public init(
    _ tree: ParameterTree, betas: (Float, Float) = (0.9, 0.999), epsilon: Float = 1e-8,
    weightDecay: Float = 0.05
  ) {
    self.betas = betas
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    moments = (.zeros(tree), .zeros(tree))
  }

  /// Whether a parameter decays: DeiT spares biases, norms and gates (whatever has one axis), and
  /// the embeddings of tokens and positions.
  public static func decays(_ parameter: Parameter) -> Bool {
    parameter.shape.rank > 1 && parameter.kind != .embedding
  }

  /// One step: `weights` change in place, parameter by parameter on the threads of `pool`.
  ///
  /// - Parameter scale: what the gradients are multiplied with first, to clip them.
  public mutating func step(
    _ weights: inout ParameterStore, by gradients: Gradients, rate: Double, scale: Float = 1,
    on pool: WorkerPool
  ) {
    let parameters = gradients.tree.parameters
    precondition(
      parameters.elementsEqual(moments.first.values) { $0.shape == $1.shape }
        && parameters.elementsEqual(weights.values) { $0.shape == $1.shape },
      "AdamW.step: weights and gradients are not of the \(moments.first.values.count) parameters "
        + "of the optimiser")
    steps += 1
    let correction1 = Float(1 - pow(Double(betas.0), Double(steps)))
    let correction2 = Float(1 - pow(Double(betas.1), Double(steps)))
    let w = weights.mutablePointers()
    let (m, v) = (moments.first.mutablePointers(), moments.second.mutablePointers())
    let (betas, epsilon, weightDecay) = (betas, epsilon, weightDecay)
    pool.run(weights.tree.count) { slot in
      WorkMeter.measure(.optimizer) {
        let gradient = gradients[slot: slot]
        ck_adamw(
          w[slot], m[slot], v[slot], gradient.pointer, scale, Float(rate), betas.0, betas.1,
          epsilon,
          AdamW.decays(gradients.tree.parameters[slot]) ? weightDecay : 0, correction1, correction2,
          gradient.count)
      }
    }
  }
}

extension ParameterStore {
  /// Where each slot's elements may be written; tensors that are shared are copied first.
  fileprivate mutating func mutablePointers() -> [UnsafeMutablePointer<Float>] {
    values.indices.map { values[$0].mutablePointer() }
  }
}
