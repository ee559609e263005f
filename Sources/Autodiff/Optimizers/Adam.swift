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
  private let numbers: AdamNumbers

  /// An optimiser that has made no step. `betas` say how slowly m and v change, β₁ and β₂.
  public init(
    _ groups: ParameterGroups, betas: (Float, Float) = (0.9, 0.999), epsilon: Float = 1e-8
  ) {
    (self.groups, numbers) = (groups, AdamNumbers(betas: betas, epsilon: epsilon))
    moments = Moments(groups.tree, "exp_avg", "exp_avg_sq")
  }

  /// An optimiser of all parameters of `tree` that has made no step.
  public init(
    _ tree: ParameterTree, betas: (Float, Float) = (0.9, 0.999), epsilon: Float = 1e-8,
    weightDecay: Float = 0
  ) {
    self.init(
      ParameterGroups(tree, weightDecay: weightDecay), betas: betas, epsilon: epsilon)
  }

  package func update(_ p: ParameterStep) {
    numbers.update(p, ck_adam)
  }
}

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019), as `torch.optim.AdamW`.
///
///     m ← β₁m + (1 − β₁)g;  v ← β₂v + (1 − β₂)g²
///     w ← w · (1 − rate · decay) − rate · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
public struct AdamW: MomentOptimizer {
  package let groups: ParameterGroups
  package var moments: Moments
  private let numbers: AdamNumbers

  /// An optimiser that has made no step. `betas` say how slowly m and v change, β₁ and β₂.
  public init(
    _ groups: ParameterGroups, betas: (Float, Float) = (0.9, 0.999), epsilon: Float = 1e-8
  ) {
    (self.groups, numbers) = (groups, AdamNumbers(betas: betas, epsilon: epsilon))
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
    numbers.update(p, ck_adamw)
  }
}

/// β₁, β₂ and ε, and what they make of a step by a kernel.
private struct AdamNumbers {
  let betas: (Float, Float)
  let epsilon: Float

  func update(
    _ p: ParameterStep,
    _ kernel: (
      UnsafeMutablePointer<Float>?, UnsafeMutablePointer<Float>?, UnsafeMutablePointer<Float>?,
      UnsafePointer<Float>?, Float, Float, Float, Float, Float, Float, Float, Float, Int
    ) -> Void
  ) {
    func correction(_ beta: Float) -> Float { Float(1 - pow(Double(beta), Double(p.number))) }
    kernel(
      p.weight, p.first, p.second, p.gradient, p.scale, p.rate, betas.0, betas.1, epsilon, p.decay,
      correction(betas.0), correction(betas.1), p.count)
  }
}
