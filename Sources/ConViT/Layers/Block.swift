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
  /// Whoever looks with `Taps` finds `input`, `attn.map`, `attn.heads`, `attn.added`,
  /// `mlp.fc1.output`, `mlp.added` and `output`, of all tokens.
  public func callAsFunction(_ x: Variable, first count: Int? = nil) -> Variable {
    let x = x.tapped(as: "input", of: norm1.weight, above: 2)
    if let count,
      Self.placesOfAll.contains(where: { x.tape.isTapped($0, of: norm1.weight, above: 2) })
    {
      return output(x, first: nil).sliced(-2, 0..<count)
    }
    return output(x, first: count)
  }

  /// Who looks at one of these sees all tokens; made once, as a step allocates nothing for a layer.
  private static let placesOfAll = [
    "attn.heads", "attn.added", "mlp.fc1.output", "mlp.added", "output",
  ]

  private func output(_ x: Variable, first count: Int?) -> Variable {
    let map = "attn.map"
    if x.tape.isTapped(map, of: norm1.weight, above: 2),
      !x.tape.isUsed(map, of: norm1.weight, above: 2)
    {
      attn.attentionWeights(norm1(x))?.tapped(as: map, of: norm1.weight, above: 2)
    }
    let y = sum("attn.added", x.tokens(count), ls1, { attn(norm1(x)).tokens(count) }) {
      attn(norm1(x), first: count, onto: $0)
    }
    return sum("mlp.added", y, ls2, { mlp(norm2(y)) }) { mlp(norm2(y), onto: $0) }
      .tapped(as: "output", of: norm1.weight, above: 2)
  }

  /// x + dropPath(scale(part)): in one step, `fused`, unless someone changes the part or wants the
  /// derivative by it. A part that is only looked at is computed once more, beside that.
  private func sum(
    _ name: String, _ x: Variable, _ scale: LayerScale?, _ part: () -> Variable,
    fused: (Residual) -> Variable
  ) -> Variable {
    let (tape, around) = (x.tape, Residual(value: x, dropPath: dropPath, scale: scale))
    guard tape.isTapped(name, of: norm1.weight, above: 2) else { return fused(around) }
    if tape.isUsed(name, of: norm1.weight, above: 2) {
      return around.adding(part().tapped(as: name, of: norm1.weight, above: 2))
    }
    let sum = fused(around)
    tape.unseen(part).tapped(as: name, of: norm1.weight, above: 2)
    return sum
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
    checkPrecondition(
      part.shape == value.shape,
      "Residual: a part \(part.shape) cannot be added to \(value.shape): attention and MLP give "
        + "the shape that they take")
    return value + (scale.map { $0(part) } ?? part).dropPath(dropPath)
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
