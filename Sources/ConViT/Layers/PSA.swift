import Autodiff

/// Positional self-attention without a gate: content and position are summed before the softmax
/// (d'Ascoli et al. 2021, arXiv:2103.10697, equation 4; the comparison of their figure 9).
///
///     A_h = softmax(Q_h·K_hᵀ / √D + v_h · r),  y = [A_h·V_h] · Wᵀ + b
///
/// PyTorch equivalent: `scaled_dot_product_attention(q, k, v, attn_mask=pos_proj(rel_indices))` in
/// the place of what timm's `models.convit.GPSA` computes; parameters have its names. As there,
/// `pos_proj.bias` has no effect.
public struct PSA: PositionalAttention {
  package let qk, v, proj, posProj: Linear
  /// The number of heads, H.
  public let heads: Int
  package let grid: PatchGrid
  package let dropRate, attnDropRate: Float

  /// An attention of `heads` heads of `headDim` features, D, by default dim / heads, over the
  /// patches of `grid`; dropout after the projection, and of the elements of A (`attnDropRate`).
  public init(
    dim: Int, heads: Int, headDim: Int? = nil, grid: PatchGrid,
    start: GPSAStart = .convolutional(strength: 1),
    qkvBias: Bool = false, dropRate: Float = 0, attnDropRate: Float = 0
  ) {
    let width = Self.width(heads: heads, of: headDim, dim: dim)
    qk = Linear(dim, 2 * width, bias: qkvBias)
    v = Linear(dim, width, bias: qkvBias, initial: start.value)
    proj = Linear(width, dim)
    posProj = Linear(3, heads, kind: .position, initial: start.position)
    (self.heads, self.grid) = (heads, grid)
    (self.dropRate, self.attnDropRate) = (dropRate, attnDropRate)
  }
}
