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
  /// [2·dim, dim]: queries and keys, each head by head.
  public let qk: Linear
  /// [dim, dim]
  public let v: Linear
  /// [dim, dim], [dim]
  public let proj: Linear
  /// [H, 3], [H]: what a head makes of (Δx, Δy, Δx² + Δy²).
  public let posProj: Linear
  /// The number of heads, H.
  public let heads: Int
  /// The patches that the tokens stand for.
  public let grid: PatchGrid
  /// Dropout after the projection.
  public let dropRate: Float
  private let attnDropRate: Float

  /// An attention of `heads` heads of dim / heads features over the patches of `grid`; dropout
  /// after the projection, and of the elements of A (`attnDropRate`).
  public init(
    dim: Int, heads: Int, grid: PatchGrid, start: GPSAStart = .convolutional(strength: 1),
    qkvBias: Bool = false, dropRate: Float = 0, attnDropRate: Float = 0
  ) {
    Self.checkHeads(heads, dim: dim)
    qk = Linear(dim, 2 * dim, bias: qkvBias)
    v = Linear(dim, dim, bias: qkvBias, initial: start.value)
    proj = Linear(dim, dim)
    posProj = Linear(3, heads, kind: .position, initial: start.position)
    self.heads = heads
    self.grid = grid
    self.dropRate = dropRate
    self.attnDropRate = attnDropRate
  }

  /// `psa`
  public var kind: String { "psa" }

  /// Tokens in the order of the grid's patches: [..., N, dim] → [..., N, dim].
  public func callAsFunction(_ x: Variable) -> Variable { proj(mixed(x)).dropout(dropRate) }

  /// [..., N, dim] → [..., N or count, dim]
  public func callAsFunction(
    _ x: Variable, first count: Int?, onto residual: Residual
  ) -> Variable {
    let y = mixed(x)
    return proj(
      count.map { y.sliced(-2, 0..<$0) } ?? y, onto: residual, dropRate: dropRate)
  }

  /// A_h: [..., N, dim] → [..., H, N, N].
  public func attentionWeights(_ x: Variable) -> Variable? { scores(x).weights }

  /// The heads' values side by side, [..., N, dim].
  private func mixed(_ x: Variable) -> Variable {
    scores(x).mixing(Heads(v(x), count: heads, of: x.shape[-1]), dropRate: attnDropRate, to: proj)
  }

  private func scores(_ x: Variable) -> HeadScores {
    checkTokens(x)
    let (dim, qk) = (x.shape[-1], qk(x))
    return HeadScores(
      q: Heads(qk, count: heads, of: dim), k: Heads(qk, from: dim, count: heads, of: dim),
      bias: x.tape.shared(posProj.weight, from: self) { $0.positionScores($1) })
  }
}
