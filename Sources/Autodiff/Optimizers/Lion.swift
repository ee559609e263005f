import CKernels

/// Lion: steps by the sign of a momentum, with decoupled decay (Chen et al. 2023, arXiv
/// 2302.06675), as timm's `Lion`.
///
///     w ← w · (1 − rate · decay) − rate · sign(β₁m + (1 − β₁)g);  m ← β₂m + (1 − β₂)g
public struct Lion: Optimizer {
  /// The rate and decay of each parameter.
  public let groups: ParameterGroups
  /// The share of m in a step, β₁, and what m keeps of itself, β₂.
  public let betas: (Float, Float)
  /// The mean of gradients, m, shaped like the weights.
  public private(set) var average: ParameterStore
  /// The steps made.
  public var steps = 0

  /// An optimiser that has made no step.
  public init(_ groups: ParameterGroups, betas: (Float, Float) = (0.9, 0.99)) {
    self.groups = groups
    self.betas = betas
    average = .zeros(groups.tree)
  }

  /// The mean of gradients.
  public var state: [(name: String, store: ParameterStore)] {
    get { [("exp_avg", average)] }
    set { average = stores(replacing: newValue)[0] }
  }

  /// One step of the parameters that have gradients.
  public mutating func step(
    _ weights: inout ParameterStore, by gradients: Gradients, rate: Double, scale: Float,
    on pool: WorkerPool
  ) {
    check(weights, gradients, groups, rate: rate)
    steps += 1
    let (groups, betas) = (groups, betas)
    weights.values.withUnsafeMutableBufferPointer { w in
      average.values.withUnsafeMutableBufferPointer { m in
        groups.forEachTrained(gradients, on: pool) { slot, gradient in
          ck_lion(
            w[slot].mutablePointer(), m[slot].mutablePointer(), gradient.pointer, scale,
            Float(rate * groups.rates[slot]), betas.0, betas.1, groups.decays[slot],
            gradient.count)
        }
      }
    }
  }
}
