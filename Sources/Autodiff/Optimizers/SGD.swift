import CKernels

/// Stochastic gradient descent with momentum (Sutskever et al. 2013), as `torch.optim.SGD`; the
/// decay is part of the gradient.
///
///     g ← g + decay · w;  m ← momentum · m + g
///     w ← w − rate · m, or, with Nesterov's momentum, w − rate · (g + momentum · m)
public struct SGD: Optimizer {
  /// The rate and decay of each parameter.
  public let groups: ParameterGroups
  /// The share of m that a step keeps.
  public let momentum: Float
  /// Whether the step looks ahead along m.
  public let isNesterov: Bool
  /// The sum of gradients, m, shaped like the weights.
  public private(set) var buffer: ParameterStore
  /// The steps made.
  public var steps = 0

  /// An optimiser that has made no step.
  public init(_ groups: ParameterGroups, momentum: Float = 0.9, isNesterov: Bool = true) {
    self.groups = groups
    self.momentum = momentum
    self.isNesterov = isNesterov
    buffer = .zeros(groups.tree)
  }

  /// The sum of gradients.
  public var state: [(name: String, store: ParameterStore)] {
    get { [("momentum_buffer", buffer)] }
    set { buffer = stores(replacing: newValue)[0] }
  }

  /// One step of the parameters that have gradients.
  public mutating func step(
    _ weights: inout ParameterStore, by gradients: Gradients, rate: Double, scale: Float,
    on pool: WorkerPool
  ) {
    check(weights, gradients, groups, rate: rate)
    steps += 1
    let (groups, momentum, isNesterov) = (groups, momentum, isNesterov)
    weights.values.withUnsafeMutableBufferPointer { w in
      buffer.values.withUnsafeMutableBufferPointer { m in
        groups.forEachTrained(gradients, on: pool) { slot, gradient in
          ck_sgd(
            w[slot].mutablePointer(), m[slot].mutablePointer(), gradient.pointer, scale,
            Float(rate * groups.rates[slot]), momentum, isNesterov ? 1 : 0,
            groups.decays[slot], gradient.count)
        }
      }
    }
  }
}
