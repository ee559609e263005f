import DoubleNumerics

/// A law that the weights of a matrix may follow, each by itself, around 0: what pruning a share p
/// of them takes away.
///
/// With E = W − M ⊙ W, the removed part of a matrix, magnitude and random pruning both keep
/// E[W · V] = E[V²] = var(W) − var(E) of the kept part V = M ⊙ W.
public enum EntryLaw: Sendable, Hashable {
  /// Uniform in ±`bound`.
  case uniform(bound: Double)
  /// Normal.
  case normal(deviation: Double)

  /// The variance of a weight.
  public var variance: Double {
    switch self {
    case .uniform(let bound): bound * bound / 3
    case .normal(let deviation): deviation * deviation
    }
  }

  /// The variance of a weight of E, v(p), where the share p is removed by a method: p · var(W) for
  /// random pruning; for magnitude pruning p³ · var(W) of uniform weights, and
  /// (p − 2z · φ(z)) · var(W) with z = Φ⁻¹((1 + p) / 2) of normal ones.
  ///
  /// - Precondition: it is one of these two methods; of others there is no law.
  public func removedVariance(_ p: Double, by method: PruningRule.Method) -> Double {
    switch (method, self) {
    case (.taylor, _): fatalError("EntryLaw: what Taylor's method takes follows from gradients")
    case (.random, _): return p * variance
    case (.magnitude, .uniform): return p * p * p * variance
    case (.magnitude, .normal):
      let z = NormalDistribution.quantile((1 + p) / 2)
      let edge = z.isFinite ? 2 * z * NormalDistribution.density(at: z) : 0
      return (p - edge) * variance
    }
  }
}
