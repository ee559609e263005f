import Autodiff

/// Gated positional self-attention (d'Ascoli et al. 2021, arXiv:2103.10697, equation 7).
///
///     A_h = (1 − σ(λ_h)) · softmax(Q_h·K_hᵀ / √D) + σ(λ_h) · softmax(v_h · r)
///     y = [A_h·V_h] · Wᵀ + b
///
/// PyTorch equivalent: timm's `models.convit.GPSA`, whose names of parameters these are.
///
/// Of the published code three things are left out, which changes no value and no derivative: the
/// division of A by the sums of its rows, which are 1; `pos_proj.bias`, which the softmax does not
/// see; and a map of positions for each image, of which there is one a step.
/// From the paper it differs as the published code does: four or sixteen heads start at offsets
/// that are halves of patches (`GPSAStart.offsets`).
///
/// ```swift
/// let attention = GPSA(dim: 192, heads: 4, grid: PatchGrid(rows: 14, columns: 14))
/// let weights = ParameterStore(attention, seed: 0)
/// let y = attention(Tape(weights).constant(x))  // [B, 196, 192] → [B, 196, 192]
/// ```
public struct GPSA: PositionalAttention {
  /// [2·dim, dim]: queries and keys, each head by head.
  public let qk: Linear
  /// [dim, dim]
  public let v: Linear
  /// [dim, dim], [dim]
  public let proj: Linear
  /// [H, 3], [H]: what a head makes of (Δx, Δy, Δx² + Δy²).
  public let posProj: Linear
  /// [H]: λ, of which σ is the share of the positional attention.
  public let gatingParam: Parameter
  /// The number of heads, H.
  public let heads: Int
  /// The patches that the tokens stand for.
  public let grid: PatchGrid
  /// Dropout after the projection.
  public let dropRate: Float
  private let attnDropRate: Float

  /// An attention of `heads` heads of dim / heads features over the patches of `grid`; dropout
  /// after the projection, and of the elements of A (`attnDropRate`); λ is `gateStart` at first.
  public init(
    dim: Int, heads: Int, grid: PatchGrid, start: GPSAStart = .convolutional(strength: 1),
    gateStart: Float = 1, qkvBias: Bool = false, dropRate: Float = 0, attnDropRate: Float = 0
  ) {
    Self.checkHeads(heads, dim: dim)
    qk = Linear(dim, 2 * dim, bias: qkvBias)
    v = Linear(dim, dim, bias: qkvBias, initial: start.value)
    proj = Linear(dim, dim)
    posProj = Linear(3, heads, kind: .position, initial: start.position)
    gatingParam = Parameter([heads], kind: .gate, initial: .constant(gateStart))
    self.heads = heads
    self.grid = grid
    self.dropRate = dropRate
    self.attnDropRate = attnDropRate
  }

  /// `gpsa`
  public var kind: String { "gpsa" }

  /// λ, of which σ is the share of the positional attention.
  public var gateLogits: Parameter? { gatingParam }

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
      position: (sharedPosition(x.tape), gate(x.tape)))
  }

  /// The positional attention, computed once for all images of a step.
  private func sharedPosition(_ tape: Tape) -> Variable {
    tape.shared(posProj.weight, from: self) { $0.position($1) }
  }

  /// σ(λ): the share of the positional attention in each head, [H].
  public func gate(_ tape: Tape) -> Variable { tape[gatingParam].sigmoid() }
}
