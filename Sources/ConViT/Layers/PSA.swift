import Autodiff

/// Positional self-attention without a gate: content and position are summed before the softmax
/// (d'Ascoli et al. 2021, arXiv:2103.10697, equation 4; the comparison of their figure 9).
///
///     A_h = softmax(Q_h·K_hᵀ / √D + v_h · r),  y = [A_h·V_h] · Wᵀ + b
///
/// Written with plain operators: it is here to compare with, and takes the time and memory of
/// scores [B, H, N, N] that GPSA does without.
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
    qk = Linear(dim, 2 * dim, bias: qkvBias)
    v = Linear(dim, dim, bias: qkvBias, initial: start.value)
    proj = Linear(dim, dim)
    posProj = Linear(3, heads, initial: start.position)
    self.heads = heads
    self.grid = grid
    self.dropRate = dropRate
    self.attnDropRate = attnDropRate
  }

  /// Tokens in the order of the grid's patches: [B, N, dim] → [B, N or count, dim].
  public func mixed(_ x: Variable, first count: Int?) -> Variable {
    let (batch, n, dim) = (x.shape[0], x.shape[1], x.shape[2])
    let y = attention(x).dropout(attnDropRate).matmul(split(v(x), from: 0)).permuted(0, 2, 1, 3)
      .reshaped([batch, n, dim])
    return count.map { y.sliced(1, 0..<$0) } ?? y
  }

  /// A_h for each image: [B, N, dim] → [B, H, N, N].
  public func map(_ x: Variable) -> Tensor { attention(x).value }

  private func attention(_ x: Variable) -> Variable {
    checkPrecondition(
      x.shape.rank == 3 && x.shape[1] == grid.count,
      "PSA: tokens \(x.shape) for a grid of \(grid.rows) × \(grid.columns) patches")
    let (dim, qk) = (x.shape[2], qk(x))
    let content = split(qk, from: 0).matmul(split(qk, from: dim), transposingOther: true)
    let scale = 1 / Float(dim / heads).squareRoot()
    return (scale * content + x.tape.shared(posProj.weight, positionScores)).softmax()
  }

  /// Columns of a projection [B, N, ≥ dim] by head: [B, H, N, D].
  private func split(_ x: Variable, from first: Int) -> Variable {
    let (batch, n, dim) = (x.shape[0], x.shape[1], v.weight.shape[0])
    return x.sliced(2, first..<first + dim).reshaped([batch, n, heads, dim / heads])
      .permuted(0, 2, 1, 3)
  }
}
