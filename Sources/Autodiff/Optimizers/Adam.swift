import CKernels
import Foundation

/// Adam (Kingma and Ba 2015) with the decay as part of the gradient, as `torch.optim.Adam`;
/// ``AdamW`` keeps the decay apart.
///
///     g ← g + decay · w;  m ← β₁m + (1 − β₁)g;  v ← β₂v + (1 − β₂)g²
///     w ← w − rate · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
public struct Adam: MomentOptimizer {
  package let groups: ParameterGroups
  package var moments: Moments
  private let betas: (Float, Float)
  private let epsilon: Float

  /// An optimiser that has made no step. `betas` say how slowly m and v change, β₁ and β₂.
  public init(
    _ groups: ParameterGroups, betas: (Float, Float) = (0.9, 0.999), epsilon: Float = 1e-8
  ) {
    (self.groups, self.betas, self.epsilon) = (groups, betas, epsilon)
    moments = Moments(groups.tree, "exp_avg", "exp_avg_sq")
  }

  package func update(_ p: ParameterStep) {
    let (correction1, correction2) = corrections(betas, p.number)
    ck_adam(
      p.weight, p.first, p.second, p.gradient, p.scale, p.rate, betas.0, betas.1, epsilon, p.decay,
      correction1, correction2, p.count)
  }
}

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019), as `torch.optim.AdamW`.
///
///     m ← β₁m + (1 − β₁)g;  v ← β₂v + (1 − β₂)g²
///     w ← w · (1 − rate · decay) − rate · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
public struct AdamW: MomentOptimizer {
  package let groups: ParameterGroups
  package var moments: Moments
  private let betas: (Float, Float)
  private let epsilon: Float

  /// An optimiser that has made no step. `betas` say how slowly m and v change, β₁ and β₂.
  public init(
    _ groups: ParameterGroups, betas: (Float, Float) = (0.9, 0.999), epsilon: Float = 1e-8
  ) {
    (self.groups, self.betas, self.epsilon) = (groups, betas, epsilon)
    moments = Moments(groups.tree, "exp_avg", "exp_avg_sq")
  }

  /// An optimiser of all parameters of `tree` that has made no step.
  public init(
    _ tree: ParameterTree, betas: (Float, Float) = (0.9, 0.999), epsilon: Float = 1e-8,
    weightDecay: Float = 0.05
  ) {
    self.init(
      ParameterGroups(tree, weightDecay: weightDecay), betas: betas, epsilon: epsilon)
  }

  package func update(_ p: ParameterStep) {
    let (correction1, correction2) = corrections(betas, p.number)
    ck_adamw(
      p.weight, p.first, p.second, p.gradient, p.scale, p.rate, betas.0, betas.1, epsilon, p.decay,
      correction1, correction2, p.count)
  }
}

/// 1 − β₁ᵗ and 1 − β₂ᵗ.
private func corrections(_ betas: (Float, Float), _ step: Int) -> (Float, Float) {
  func correction(_ beta: Float) -> Float { Float(1 - pow(Double(beta), Double(step))) }
  return (correction(betas.0), correction(betas.1))
}
