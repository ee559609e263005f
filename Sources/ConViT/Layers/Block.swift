import Autodiff

/// A transformer block, normalised before each part: x + attn(norm1(x)), then x + mlp(norm2(x)).
///
/// PyTorch equivalent: timm's `Block(dim, num_heads, drop_path=…, init_values=…)`.
public struct Block: Module {
  /// In front of the attention.
  public var norm1: LayerNorm
  /// GPSA in a ConViT's first blocks, MHSA elsewhere, or one of your own.
  public var attn: any Attention
  /// Behind the attention, if the block has layer scale.
  public var ls1: LayerScale?
  /// In front of the MLP.
  public var norm2: LayerNorm
  /// dim → hidden → dim, on each token by itself.
  public var mlp: MLP
  /// Behind the MLP, if the block has layer scale.
  public var ls2: LayerScale?
  let dropPath: Float

  /// A block around an attention; `dropPath` is the probability that a sample skips a part, and
  /// `layerScale` what each part is multiplied by at first, nil for blocks without.
  public init(
    dim: Int, attention: any Attention, mlp: MLP, dropPath: Float = 0, layerScale: Float? = nil,
    normEpsilon: Float = 1e-6
  ) {
    norm1 = LayerNorm(dim, epsilon: normEpsilon)
    norm2 = LayerNorm(dim, epsilon: normEpsilon)
    ls1 = layerScale.map { LayerScale(dim, initial: $0) }
    ls2 = layerScale.map { LayerScale(dim, initial: $0) }
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
    let around = Residual(value: x.tokens(count), dropPath: dropPath, scale: ls1)
    let y = attn(norm1(x), first: count, onto: around)
    return mlp(norm2(y), onto: Residual(value: y, dropPath: dropPath, scale: ls2))
      .tapped(as: "output", of: norm1.weight, above: 2)
  }
}

/// What goes around a part of a block, and how probable it is that a sample goes around only.
///
/// PyTorch equivalent: the `x +`, `DropPath` and `LayerScale` of `x +
/// drop_path(ls(attn(norm(x))))`.
public struct Residual {
  /// What goes around, and is added to.
  public let value: Variable
  /// The probability that a sample goes around only.
  public let dropPath: Float
  /// What the part is multiplied by before it is added, if anything.
  public let scale: LayerScale?

  /// What goes around a part that each sample takes unless it is dropped.
  public init(value: Variable, dropPath: Float = 0, scale: LayerScale? = nil) {
    (self.value, self.dropPath, self.scale) = (value, dropPath, scale)
  }

  /// What goes around and a part of it, as one: value + dropPath(scale(part)).
  public func adding(_ part: Variable) -> Variable {
    value + (scale.map { $0(part) } ?? part).dropPath(dropPath)
  }
}

extension Linear {
  /// residual + dropPath(scale(dropout(x · Wᵀ + b))): [..., in] → [..., out].
  func callAsFunction(_ x: Variable, onto residual: Residual, dropRate: Float) -> Variable {
    guard let bias, dropRate == 0, residual.scale == nil else {
      return residual.adding(self(x).dropout(dropRate))
    }
    return x.linear(
      x.tape[weight], bias: x.tape[bias], onto: residual.value, dropPath: residual.dropPath)
  }
}
