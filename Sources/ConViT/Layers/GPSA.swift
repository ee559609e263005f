import Autodiff

/// Gated positional self-attention (d'Ascoli et al. 2021, arXiv:2103.10697, equation 7).
///
///     A_h = (1 − σ(λ_h)) · softmax(Q_h·K_hᵀ / √D) + σ(λ_h) · softmax(v_h · r)
///     y = [A_h·V_h] · Wᵀ + b
///
/// The published code divides A by the sums of its rows; these are 1, so the division changes
/// neither value nor derivative and is not made.
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
    qk = Linear(dim, 2 * dim, bias: qkvBias)
    v = Linear(dim, dim, bias: qkvBias, initial: start.value)
    proj = Linear(dim, dim)
    posProj = Linear(3, heads, initial: start.position)
    gatingParam = Parameter([heads], kind: .gate, initial: .constant(gateStart))
    self.heads = heads
    self.grid = grid
    self.dropRate = dropRate
    self.attnDropRate = attnDropRate
  }

  /// Tokens in the order of the grid's patches: [..., N, dim] → [..., N or count, dim].
  public func mixed(_ x: Variable, first count: Int?) -> Variable {
    checkPrecondition(
      x.shape[-2] == grid.count,
      "GPSA: \(x.shape[-2]) tokens for a grid of \(grid.rows) × \(grid.columns) patches")
    let (dim, qk) = (x.shape[-1], qk(x))
    let y = Variable.attention(
      HeadColumns(qk), HeadColumns(qk, from: dim), HeadColumns(v(x)), heads: heads, width: dim,
      scale: 1 / Float(dim / heads).squareRoot(),
      position: (sharedPosition(x.tape), gate(x.tape)),
      dropRate: attnDropRate)
    return count.map { y.sliced(-2, 0..<$0) } ?? y
  }

  /// A_h for each image: [B, N, dim] → [B, H, N, N].
  public func map(_ x: Variable) -> Tensor {
    let (dim, qk) = (x.shape[-1], qk(x))
    return Variable.attentionMap(
      HeadColumns(qk), HeadColumns(qk, from: dim), heads: heads, width: dim,
      scale: 1 / Float(dim / heads).squareRoot(),
      position: (sharedPosition(x.tape), gate(x.tape)))
  }

  /// The positional attention, computed once for all images of a step.
  private func sharedPosition(_ tape: Tape) -> Variable {
    tape.shared(posProj.weight, from: self) { $0.position($1) }
  }

  /// σ(λ): the share of the positional attention in each head, [H].
  public func gate(_ tape: Tape) -> Variable { tape[gatingParam].sigmoid() }
}
