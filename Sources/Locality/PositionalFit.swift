import Autodiff
import ConViT

/// The Gaussian that the positional attention of a GPSA head is: exp(−α ‖δ − Δ‖²) up to a factor.
///
/// With `pos_proj.weight[h]` = (a, b, c) the logits are a x + b y + c (x² + y²), so that for c < 0
/// Δ = (−a / 2c, −b / 2c) and α = −c (d'Ascoli et al. 2021, equation 9, turned round).
package struct PositionalFit: Hashable, Sendable, Codable {
  /// Where the head looks from a query, in patches, along the columns and along the rows. Nil
  /// unless c < 0: the head then looks away from a point, or along a line.
  package let x, y: Double?
  /// How sharply it looks there, α, in 1 / patches²; negative if it looks away.
  package let strength: Double

  /// How far that is, in patches.
  package var distance: Double? { x.flatMap { x in y.map { (x * x + $0 * $0).squareRoot() } } }

  /// The standard deviation along one axis, 1 / √(2α), in patches.
  package var width: Double? { strength > 0 ? 1 / (2 * strength).squareRoot() : nil }

  package init(_ a: Float, _ b: Float, _ c: Float) {
    strength = Double(-c)
    (x, y) = c < 0 ? (Double(-a / (2 * c)), Double(-b / (2 * c))) : (nil, nil)
  }
}

extension PositionalAttention {
  package func positionalFits(_ weights: ParameterStore) -> [PositionalFit] {
    let rows = weights[posProj.weight].elements
    return (0..<heads).map { PositionalFit(rows[3 * $0], rows[3 * $0 + 1], rows[3 * $0 + 2]) }
  }
}
