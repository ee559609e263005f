import Foundation

/// How far a wide random network of ReLUs without biases is from its pruned self, before there are
/// weights: the mean over networks, to which single ones come near as they grow.
///
/// Each layer's weights are independent, of variance σ² / n for n inputs. The pair of values of a
/// unit of the network, f, and of the pruned one, g, are then jointly normal; layer by layer their
/// variances and covariance follow from those before by the arc-cosine kernel (Cho and Saul 2009).
/// Figures are of the last layer's output, on which there is no ReLU.
public struct MeanField: Sendable, Hashable {
  /// ‖f − g‖² / ‖f‖², both as means.
  public let squaredGap: Double

  /// The gap of a network of some depth.
  ///
  /// - Parameters:
  ///   - layers: the number of linear layers.
  ///   - removedShare: var(E) / var(W), the same in every layer; see ``EntryLaw``.
  public init(layers: Int, removedShare: Double) {
    let kept = 1 - removedShare  // E[W · V] / var(W), and E[V²] / var(W)
    // Variances of f and g and their covariance, each by that of f without pruning: σ² cancels.
    var (f, g, both) = (1.0, kept, kept)
    for _ in 1..<max(layers, 1) {
      let next = (
        2 * Self.relu(f, f, f), 2 * kept * Self.relu(g, g, g), 2 * kept * Self.relu(f, g, both)
      )
      (f, g, both) = next
    }
    squaredGap = (f + g - 2 * both) / f
  }

  /// The gap where the share `sparsity` of every layer goes, of weights of a law.
  public init(layers: Int, law: EntryLaw, sparsity: Double, method: PruningRule.Method) {
    self.init(
      layers: layers, removedShare: law.removedVariance(sparsity, by: method) / law.variance)
  }

  /// E[ReLU(x) · ReLU(y)] of normal x and y of variances `u` and `w` and covariance `c`:
  /// √(uw) / 2π · (sin t + (π − t) · cos t) with cos t = c / √(uw).
  static func relu(_ u: Double, _ w: Double, _ c: Double) -> Double {
    let size = (u * w).squareRoot()
    guard size > 0 else { return 0 }
    let cosine = min(1, max(-1, c / size))
    let angle = acos(cosine)
    return size / (2 * .pi) * (sin(angle) + (.pi - angle) * cosine)
  }
}
