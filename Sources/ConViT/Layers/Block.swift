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

  /// [B, N, dim] → [B, N, dim]
  public func callAsFunction(_ x: Variable) -> Variable {
    let y = x + attn(norm1(x)).dropPath(dropPath)
    return y + mlp(norm2(y)).dropPath(dropPath)
  }

  /// The first `count` tokens of the result alone: [B, N, dim] → [B, count, dim].
  public func callAsFunction(_ x: Variable, first count: Int) -> Variable {
    let y = x.sliced(1, 0..<count) + attn(norm1(x), first: count).dropPath(dropPath)
    return y + mlp(norm2(y)).dropPath(dropPath)
  }
}
