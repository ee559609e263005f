import Autodiff

/// Multi-head self-attention (Vaswani et al. 2017): softmax(Q·Kᵀ / √D) · V for each head.
///
/// PyTorch equivalent: timm's `Attention(dim, num_heads, qkv_bias, attn_drop, proj_drop)`, or
/// `nn.MultiheadAttention(dim, heads, batch_first=True)` with its `in_proj_weight` as `qkv.weight`.
public struct MHSA: Attention {
  /// [3·H·D, dim]: queries, keys, values, each head by head.
  public let qkv: Linear
  /// [dim, H·D], [dim]
  public let proj: Linear
  /// The number of heads, H.
  public let heads: Int
  let dropRate, attnDropRate: Float

  /// An attention of `heads` heads of `headDim` features, D, by default dim / heads; dropout after
  /// the projection, and of the softmax's elements (`attnDropRate`).
  public init(
    dim: Int, heads: Int, headDim: Int? = nil, qkvBias: Bool = false, dropRate: Float = 0,
    attnDropRate: Float = 0
  ) {
    let width = Self.width(heads: heads, of: headDim, dim: dim)
    qkv = Linear(dim, 3 * width, bias: qkvBias)
    proj = Linear(width, dim)
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
    let qk = qkv(x, rows: 0..<2 * width)
    return scores(qk, qk, keys: width).weights
  }

  /// The heads' values side by side, of all tokens or of the first: [..., N or count, H·D];
  /// `Taps` see them as `heads`.
  private func mixed(_ x: Variable, first count: Int?) -> Variable {
    seen(x, first: count).tapped(as: "heads", of: proj.weight, above: 2)
  }

  private func seen(_ x: Variable, first count: Int?) -> Variable {
    guard let count, !x.tape.isUsed("map", of: proj.weight, above: 2) else {
      let qkv = qkv(x)
      let v = Heads(qkv, from: 2 * width, count: heads, of: width)
      return scores(qkv, qkv, keys: width)
        .mixing(v, dropRate: attnDropRate, to: proj).tokens(count)
    }
    let q = qkv(x.sliced(-2, 0..<count), rows: 0..<width)  // queries for these tokens alone
    let kv = qkv(x, rows: width..<3 * width)
    let s = scores(q, kv, keys: 0)
    return .attention(
      s.q, s.k, Heads(kv, from: width, count: heads, of: width), dropRate: attnDropRate)
  }

  /// Of the first columns of a projection as queries, and those of another from `first` on as keys.
  private func scores(_ q: Variable, _ k: Variable, keys first: Int) -> HeadScores {
    HeadScores(
      q: Heads(q, count: heads, of: width), k: Heads(k, from: first, count: heads, of: width))
  }

  private var width: Int { proj.inputs }
}
