import CKernels

/// Stochastic gradient descent with momentum (Sutskever et al. 2013), as `torch.optim.SGD`; the
/// decay is part of the gradient.
///
///     g ← g + decay · w;  m ← momentum · m + g
///     w ← w − rate · m, or, with Nesterov's momentum, w − rate · (g + momentum · m)
public struct SGD: MomentOptimizer {
  package let groups: ParameterGroups
  package var moments: Moments
  private let momentum: Float
  private let isNesterov: Bool

  /// An optimiser that has made no step. `momentum` is the share of m that a step keeps.
  public init(_ groups: ParameterGroups, momentum: Float = 0.9, isNesterov: Bool = true) {
    (self.groups, self.momentum, self.isNesterov) = (groups, momentum, isNesterov)
    moments = Moments(groups.tree, "momentum_buffer")
  }

  /// An optimiser of all parameters of `tree` that has made no step.
  public init(
    _ tree: ParameterTree, momentum: Float = 0.9, isNesterov: Bool = true, weightDecay: Float = 0
  ) {
    self.init(
      ParameterGroups(tree, weightDecay: weightDecay), momentum: momentum, isNesterov: isNesterov)
  }

  package func update(_ p: ParameterStep) {
    ck_sgd(
      p.weight, p.first, p.gradient, p.scale, p.rate, momentum, isNesterov ? 1 : 0, p.decay,
      p.count)
  }
}
