import Autodiff

/// Multi-head self-attention (Vaswani et al. 2017): softmax(Q·Kᵀ / √D) · V for each head.
///
/// PyTorch equivalent: timm's `Attention(dim, num_heads, qkv_bias, attn_drop, proj_drop)`, or
/// `nn.MultiheadAttention(dim, heads, batch_first=True)` with its `in_proj_weight` as `qkv.weight`.
public struct MHSA: Attention {
  /// [3·dim, dim]: queries, keys, values, each head by head.
  public let qkv: Linear
  /// [dim, dim], [dim]
  public let proj: Linear
  /// The number of heads, H.
  public let heads: Int
  private let dropRate, attnDropRate: Float

  /// An attention of `heads` heads of dim / heads features; dropout after the projection, and of
  /// the softmax's elements (`attnDropRate`).
  public init(
    dim: Int, heads: Int, qkvBias: Bool = false, dropRate: Float = 0, attnDropRate: Float = 0
  ) {
    Self.checkHeads(heads, dim: dim)
    qkv = Linear(dim, 3 * dim, bias: qkvBias)
    proj = Linear(dim, dim)
    (self.heads, self.dropRate, self.attnDropRate) = (heads, dropRate, attnDropRate)
  }

  /// `mhsa`
  public var kind: String { "mhsa" }

  /// [..., N, dim] → [..., N, dim]
  public func callAsFunction(_ x: Variable) -> Variable {
    proj(mixed(x, first: nil)).dropout(dropRate)
  }

  /// [..., N, dim] → [..., N, dim], or [..., count, dim] from the queries of those tokens alone.
  public func callAsFunction(
    _ x: Variable, first count: Int?, onto residual: Residual
  ) -> Variable {
    proj(mixed(x, first: count), onto: residual, dropRate: dropRate)
  }

  /// softmax(Q·Kᵀ / √D): [..., N, dim] → [..., H, N, N].
  public func attentionWeights(_ x: Variable) -> Variable? {
    let dim = x.shape[-1]
    let qk = qkv(x, rows: 0..<2 * dim)
    return scores(qk, qk, keys: dim, of: dim).weights
  }

  /// The heads' values side by side, of all tokens or of the first: [..., N or count, dim].
  private func mixed(_ x: Variable, first count: Int?) -> Variable {
    let dim = x.shape[-1]
    guard let count, !x.tape.isDerivativeTapped("map", of: proj.weight, above: 2) else {
      let qkv = qkv(x)
      let v = Heads(qkv, from: 2 * dim, count: heads, of: dim)
      return scores(qkv, qkv, keys: dim, of: dim)
        .mixing(v, dropRate: attnDropRate, to: proj).tokens(count)
    }
    let q = qkv(x.sliced(-2, 0..<count), rows: 0..<dim)  // queries for these tokens alone
    let kv = qkv(x, rows: dim..<3 * dim)
    let s = scores(q, kv, keys: 0, of: dim)
    return .attention(
      s.q, s.k, Heads(kv, from: dim, count: heads, of: dim), dropRate: attnDropRate)
  }

  /// Of the first columns of a projection as queries, and those of another from `first` on as keys.
  private func scores(_ q: Variable, _ k: Variable, keys first: Int, of dim: Int) -> HeadScores {
    HeadScores(q: Heads(q, count: heads, of: dim), k: Heads(k, from: first, count: heads, of: dim))
  }
}
