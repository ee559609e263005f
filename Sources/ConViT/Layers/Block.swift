import Autodiff

/// A transformer block, normalised before each part: x + attn(norm1(x)), then x + mlp(norm2(x)).
public struct Block: Module {
  public let norm1: LayerNorm
  public let attn: any Attention
  public let norm2: LayerNorm
  public let mlp: MLP
  private let dropPath: Float

  /// A block around an attention; `dropPath` is the probability that a sample skips a part.
  public init(dim: Int, attention: any Attention, mlp: MLP, dropPath: Float = 0) {
    norm1 = LayerNorm(dim)
    attn = attention
    norm2 = LayerNorm(dim)
    self.mlp = mlp
    self.dropPath = dropPath
  }

  /// [B, N, dim] → [B, N, dim], or the first `count` tokens of it alone: [B, count, dim].
  public func callAsFunction(_ x: Variable, first count: Int? = nil) -> Variable {
    let around = count.map { x.sliced(1, 0..<$0) } ?? x
    let y = attn(norm1(x), first: count, onto: Residual(value: around, dropPath: dropPath))
    return mlp(norm2(y), onto: Residual(value: y, dropPath: dropPath))
  }
}
