import CKernels

/// Lion: steps by the sign of a momentum, with decoupled decay (Chen et al. 2023, arXiv
/// 2302.06675), as timm's `Lion`.
///
///     w ← w · (1 − rate · decay) − rate · sign(β₁m + (1 − β₁)g);  m ← β₂m + (1 − β₂)g
public struct Lion: MomentOptimizer {
  package let groups: ParameterGroups
  package var moments: Moments
  private let betas: (Float, Float)

  /// An optimiser that has made no step. `betas` are the share of m in a step, β₁, and what m keeps
  /// of itself, β₂.
  public init(_ groups: ParameterGroups, betas: (Float, Float) = (0.9, 0.99)) {
    (self.groups, self.betas) = (groups, betas)
    moments = Moments(groups.tree, "exp_avg")
  }

  /// An optimiser of all parameters of `tree` that has made no step.
  public init(
    _ tree: ParameterTree, betas: (Float, Float) = (0.9, 0.99), weightDecay: Float = 0
  ) {
    self.init(ParameterGroups(tree, weightDecay: weightDecay), betas: betas)
  }

  package func update(_ p: ParameterStep) {
    ck_lion(
      p.weight, p.first, p.gradient, p.scale, p.rate, betas.0, betas.1, p.decay, p.count)
  }
}
