import Autodiff
import DoubleNumerics

/// How far a chain of linear layers without biases, and with an activation between any two, can be
/// from its pruned self: ‖f(x) − g(x)‖ ≤ `gap` · ‖x‖ for every x.
///
///     ‖f(x) − g(x)‖ ≤ c^(L−1) · Σ_l (Π_{k>l} ‖V_k‖) · ‖E_l‖ · (Π_{k<l} ‖W_k‖) · ‖x‖
///
/// for W the weights, V = M ⊙ W what is kept of them, E = W − V, norms the spectral ones, and an
/// activation that is 0 at 0 and lengthens no difference by more than c. It telescopes: layer after
/// layer is exchanged. It holds for every x, and so is an order of magnitude above what most x see.
public struct ChainBound: Sendable, Hashable {
  /// The factor of ‖x‖.
  public let gap: Double

  /// The bound from the norms of the layers, the first one first, and `lipschitz`, c; see
  /// ``Lipschitz``.
  public init(weights: [Double], kept: [Double], removed: [Double], lipschitz c: Double) {
    checkPrecondition(
      !weights.isEmpty && weights.count == kept.count && kept.count == removed.count,
      "ChainBound: norms of \(weights.count), \(kept.count) and \(removed.count) layers")
    // Of the chain up to a layer: how far apart the two can be, and how large f's value is.
    var (gap, size) = (0.0, 1.0)
    for layer in weights.indices {
      let activation = layer == 0 ? 1 : c
      gap = activation * (kept[layer] * gap + removed[layer] * size)
      size *= activation * weights[layer]
    }
    self.gap = gap
  }

  /// The bound for matrices [out, in], the first layer's first, and what is kept of them.
  public init(_ weights: [Tensor], kept: [Tensor], lipschitz: Double) {
    let removed = zip(weights, kept).map { $0.minus($1) }
    self.init(
      weights: weights.map(SpectralNorm.bound), kept: kept.map(SpectralNorm.bound),
      removed: removed.map(SpectralNorm.bound), lipschitz: lipschitz)
  }

  /// The bound before there are weights: for layers of `widths` numbers, the input's first, whose
  /// weights follow a law, and of which the share `sparsity` goes. It holds with a probability near
  /// 1 from widths of 64 on: norms are taken to be at most 1.05 times what they come near to.
  ///
  /// - Parameters:
  ///   - widths: one more than there are layers.
  ///   - law: of the weights of a layer, by its number of inputs.
  ///   - sparsity: the share that goes.
  ///   - method: by what it is chosen.
  ///   - lipschitz: c; see ``Lipschitz``.
  public init(
    widths: [Int], law: (Int) -> EntryLaw, sparsity: Double, method: PruningRule.Method,
    lipschitz: Double
  ) {
    let layers = zip(widths, widths.dropFirst()).map { inputs, outputs in
      let entries = law(inputs)
      let removed = entries.removedVariance(sparsity, by: method)
      return [entries.variance, entries.variance - removed, removed].map {
        1.05 * SpectralNorm.predicted(rows: outputs, columns: inputs, variance: $0)
      }
    }
    self.init(
      weights: layers.map { $0[0] }, kept: layers.map { $0[1] }, removed: layers.map { $0[2] },
      lipschitz: lipschitz)
  }
}

/// The most by which activations lengthen a difference.
public enum Lipschitz {
  /// ReLU's.
  public static let relu = 1.0
  /// That of x · Φ(x): its derivative Φ(x) + x · φ(x) is largest at x = √2, and 1.12890 there.
  public static let gelu =
    NormalDistribution.probability(below: 2.0.squareRoot())
    + 2.0.squareRoot() * NormalDistribution.density(at: 2.0.squareRoot())
}

extension Tensor {
  func minus(_ other: Tensor) -> Tensor {
    let tape = Tape(.inference)
    return (tape.constant(self) - tape.constant(other)).value
  }
}
