import Autodiff

/// A transformer block, normalised before each part: x + attn(norm1(x)), then x + mlp(norm2(x)).
///
/// PyTorch equivalent: timm's `Block(dim, num_heads, drop_path=…)`, without layer scale.
public struct Block: Module {
  /// In front of the attention.
  public var norm1: LayerNorm
  /// GPSA in a ConViT's first blocks, MHSA elsewhere, or one of your own.
  public var attn: any Attention
  /// In front of the MLP.
  public var norm2: LayerNorm
  /// dim → hidden → dim, on each token by itself.
  public var mlp: MLP
  private let dropPath: Float

  /// A block around an attention; `dropPath` is the probability that a sample skips a part.
  public init(dim: Int, attention: any Attention, mlp: MLP, dropPath: Float = 0) {
    (norm1, norm2) = (LayerNorm(dim), LayerNorm(dim))
    (attn, self.mlp, self.dropPath) = (attention, mlp, dropPath)
  }

  /// [..., N, dim] → [..., N, dim], or the first `count` tokens of it alone: [..., count, dim].
  ///
  /// Whoever looks with ``Taps`` finds `input`, `attn.map`, `mlp.fc1.output` and `output`, of all
  /// tokens.
  public func callAsFunction(_ x: Variable, first count: Int? = nil) -> Variable {
    let x = x.tapped(as: "input", of: norm1.weight, above: 2)
    if let count, isTapped("output", x.tape) || isTapped("mlp.fc1.output", x.tape) {
      return output(x, first: nil).sliced(-2, 0..<count)
    }
    return output(x, first: count)
  }

  private func isTapped(_ name: String, _ tape: Tape) -> Bool {
    tape.isTapped(name, of: norm1.weight, above: 2)
  }

  private func output(_ x: Variable, first count: Int?) -> Variable {
    let tape = x.tape
    if isTapped("attn.map", tape),
      !tape.isDerivativeTapped("attn.map", of: norm1.weight, above: 2)
    {
      attn.attentionWeights(norm1(x))?.tapped(as: "attn.map", of: norm1.weight, above: 2)
    }
    let around = Residual(value: x.tokens(count), dropPath: dropPath)
    let y = attn(norm1(x), first: count, onto: around)
    return mlp(norm2(y), onto: Residual(value: y, dropPath: dropPath))
      .tapped(as: "output", of: norm1.weight, above: 2)
  }
}

/// What goes around a part of a block, and how probable it is that a sample goes around only.
///
/// PyTorch equivalent: the `x +` and the `DropPath` of `x + drop_path(attn(norm(x)))`.
public struct Residual {
  /// What goes around, and is added to.
  public let value: Variable
  /// The probability that a sample goes around only.
  public let dropPath: Float

  /// What goes around a part that each sample takes unless it is dropped.
  public init(value: Variable, dropPath: Float = 0) {
    (self.value, self.dropPath) = (value, dropPath)
  }
}

extension Linear {
  /// residual + dropPath(dropout(x · Wᵀ + b)): [..., in] → [..., out].
  func callAsFunction(_ x: Variable, onto residual: Residual, dropRate: Float) -> Variable {
    guard let bias, dropRate == 0 else {
      return residual.value + self(x).dropout(dropRate).dropPath(residual.dropPath)
    }
    return x.linear(
      x.tape[weight], bias: x.tape[bias], onto: residual.value, dropPath: residual.dropPath)
  }
}
