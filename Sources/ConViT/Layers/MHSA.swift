import Autodiff

/// Multi-head self-attention (Vaswani et al. 2017): softmax(Q·Kᵀ / √D) · V for each head.
public struct MHSA: Attention {
  /// [3·dim, dim]: queries, keys, values, each head by head.
  public let qkv: Linear
  /// [dim, dim], [dim]
  public let proj: Linear
  /// The number of heads, H.
  public let heads: Int
  /// Dropout after the projection.
  public let dropRate: Float
  private let attnDropRate: Float

  /// An attention of `heads` heads of dim / heads features; dropout after the projection, and of
  /// the softmax's elements (`attnDropRate`).
  public init(
    dim: Int, heads: Int, qkvBias: Bool = false, dropRate: Float = 0, attnDropRate: Float = 0
  ) {
    qkv = Linear(dim, 3 * dim, bias: qkvBias)
    proj = Linear(dim, dim)
    self.heads = heads
    self.dropRate = dropRate
    self.attnDropRate = attnDropRate
  }

  /// [..., N, dim] → [..., N, dim], or [..., count, dim] from the queries of those tokens alone.
  public func mixed(_ x: Variable, first count: Int?) -> Variable {
    let dim = x.shape[-1]
    let scale = 1 / Float(dim / heads).squareRoot()
    guard let count else {
      let qkv = qkv(x)
      return .attention(
        HeadColumns(qkv), HeadColumns(qkv, from: dim), HeadColumns(qkv, from: 2 * dim),
        heads: heads, width: dim, scale: scale, dropRate: attnDropRate)
    }
    let q = qkv(x.sliced(-2, 0..<count), rows: 0..<dim)  // queries for these tokens alone
    let kv = qkv(x, rows: dim..<3 * dim)
    return .attention(
      HeadColumns(q), HeadColumns(kv), HeadColumns(kv, from: dim), heads: heads, width: dim,
      scale: scale, dropRate: attnDropRate)
  }

  /// softmax(Q·Kᵀ / √D) for each image: [B, N, dim] → [B, H, N, N].
  public func map(_ x: Variable) -> Tensor {
    let dim = x.shape[-1]
    let qk = qkv(x, rows: 0..<2 * dim)
    return Variable.attentionMap(
      HeadColumns(qk), HeadColumns(qk, from: dim), heads: heads, width: dim,
      scale: 1 / Float(dim / heads).squareRoot())
  }
}
