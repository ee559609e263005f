import CKernels
import Foundation

/// Adam (Kingma and Ba 2015) with the decay as part of the gradient, as `torch.optim.Adam`;
/// ``AdamW`` keeps the decay apart.
///
///     g ← g + decay · w;  m ← β₁m + (1 − β₁)g;  v ← β₂v + (1 − β₂)g²
///     w ← w − rate · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
public struct Adam: Optimizer {
  /// The rate and decay of each parameter.
  public let groups: ParameterGroups
  /// How slowly the two moments change, β₁ and β₂.
  public let betas: (Float, Float)
  /// What keeps the division finite, ε.
  public let epsilon: Float
  /// The moments of the gradients, m and v, shaped like the weights.
  public private(set) var moments: (first: ParameterStore, second: ParameterStore)
  /// The steps made, t.
  public var steps = 0

  /// An optimiser that has made no step.
  public init(
    _ groups: ParameterGroups, betas: (Float, Float) = (0.9, 0.999), epsilon: Float = 1e-8
  ) {
    self.groups = groups
    self.betas = betas
    self.epsilon = epsilon
    moments = (.zeros(groups.tree), .zeros(groups.tree))
  }

  /// The moments.
  public var state: [(name: String, store: ParameterStore)] {
    get { [("exp_avg", moments.first), ("exp_avg_sq", moments.second)] }
    set {
      let stores = stores(replacing: newValue)
      moments = (stores[0], stores[1])
    }
  }

  /// One step of the parameters that have gradients.
  public mutating func step(
    _ weights: inout ParameterStore, by gradients: Gradients, rate: Double, scale: Float,
    on pool: WorkerPool
  ) {
    check(weights, gradients, groups, rate: rate)
    steps += 1
    let correction1 = Float(1 - pow(Double(betas.0), Double(steps)))
    let correction2 = Float(1 - pow(Double(betas.1), Double(steps)))
    let (groups, betas, epsilon) = (groups, betas, epsilon)
    weights.values.withUnsafeMutableBufferPointer { w in
      moments.first.values.withUnsafeMutableBufferPointer { m in
        moments.second.values.withUnsafeMutableBufferPointer { v in
          groups.forEachTrained(gradients, on: pool) { slot, gradient in
            ck_adam(
              w[slot].mutablePointer(), m[slot].mutablePointer(), v[slot].mutablePointer(),
              gradient.pointer, scale, Float(rate * groups.rates[slot]), betas.0, betas.1,
              epsilon, groups.decays[slot], correction1, correction2, gradient.count)
          }
        }
      }
    }
  }
}
