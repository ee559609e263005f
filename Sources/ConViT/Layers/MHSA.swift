import Autodiff

/// Multi-head self-attention (Vaswani et al. 2017): softmax(Q·Kᵀ / √D) · V for each head.
public struct MHSA: Attention {
  /// [3·dim, dim]: queries, keys, values, each head by head.
  public let qkv: Linear
  /// [dim, dim], [dim]
  public let proj: Linear
  /// The number of heads, H.
  public let heads: Int
  private let dropRate: Float

  /// An attention of `heads` heads of dim / heads features; dropout after the projection.
  public init(dim: Int, heads: Int, qkvBias: Bool = false, dropRate: Float = 0) {
    qkv = Linear(dim, 3 * dim, bias: qkvBias)
    proj = Linear(dim, dim)
    self.heads = heads
    self.dropRate = dropRate
  }

  /// [..., N, dim] → [..., N, dim]
  public func callAsFunction(_ x: Variable) -> Variable {
    let (dim, qkv) = (x.shape[-1], qkv(x))
    return mixed(
      HeadColumns(qkv), HeadColumns(qkv, from: dim), HeadColumns(qkv, from: 2 * dim), dim)
  }

  /// The first `count` tokens of the result: queries are made for these alone.
  public func callAsFunction(_ x: Variable, first count: Int) -> Variable {
    let dim = x.shape[-1]
    let q = qkv(x.sliced(-2, 0..<count), rows: 0..<dim)
    let kv = qkv(x, rows: dim..<3 * dim)
    return mixed(HeadColumns(q), HeadColumns(kv), HeadColumns(kv, from: dim), dim)
  }

  private func mixed(
    _ q: HeadColumns, _ k: HeadColumns, _ v: HeadColumns, _ dim: Int
  ) -> Variable {
    let y = Variable.attention(
      q, k, v, heads: heads, width: dim, scale: 1 / Float(dim / heads).squareRoot())
    return proj(y).dropout(dropRate)
  }
}
