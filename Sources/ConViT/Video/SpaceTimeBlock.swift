import Autodiff

/// A transformer block of a ``TimeSformer``: that of an image model, with further attentions to
/// other frames beside its own.
///
/// PyTorch equivalent: the authors' `Block` of `timesformer/models/vit.py`, whose names of
/// parameters these are. Where the paper and that code differ, it follows the code: a patch does
/// not look at the class token in time, and the class token takes the mean over the frames of what
/// it sees there. `width_…` and `global_…` are of this package.
public struct SpaceTimeBlock: Module {
  /// In front of the attention in time, of the schemes `divided` and `axial`.
  public var temporalNorm1: LayerNorm?
  /// From one frame to the others, each patch at its place.
  public var temporalAttn: (any Attention)?
  /// Behind it; it starts as zero.
  public var temporalFc: Linear?
  /// In front of the attention in a row, of the scheme `axial`.
  public var widthNorm1: LayerNorm?
  /// Among the patches of a row.
  public var widthAttn: (any Attention)?
  /// Behind it; it starts as zero.
  public var widthFc: Linear?
  /// In front of the attention that image models have, too.
  public var norm1: LayerNorm
  /// Within a frame, in the whole clip (`joint`), in a window of it, or in a column.
  public var attn: any Attention
  /// Behind it, if the block has layer scale.
  public var ls1: LayerScale?
  /// In front of the sparse attention, of the scheme `local-global`.
  public var globalNorm1: LayerNorm?
  /// To every other frame, row and column.
  public var globalAttn: (any Attention)?
  /// Behind it; it starts as zero.
  public var globalFc: Linear?
  /// In front of the MLP.
  public var norm2: LayerNorm
  /// dim → hidden → dim, on each token by itself.
  public var mlp: MLP
  /// Behind the MLP, if the block has layer scale.
  public var ls2: LayerScale?

  private let dropPath: Float
  private let tokens: Int  // K, in front of the patches
  private let fold: ClipFold?  // of `attn`; nil if it looks at all tokens that it is given
  private let time, rows: ClipFold

  /// The block of a clip from that of an image, of a layer with `tokens` in front of the patches.
  init(_ block: Block, layer: Int, _ c: TimeSformerConfiguration) {
    let (image, grid, tokens) = (c.image, c.grid, c.image.tokens(inLayer: layer))
    func norm() -> LayerNorm { LayerNorm(image.embedDim, epsilon: image.normEpsilon) }
    func attention() -> MHSA { image.selfAttention(inLayer: layer) }
    func map() -> Linear { Linear(image.embedDim, image.embedDim, initial: .zeros) }
    if c.scheme == .divided || c.scheme == .axial {
      (temporalNorm1, temporalAttn, temporalFc) = (norm(), attention(), map())
    }
    if c.scheme == .axial { (widthNorm1, widthAttn, widthFc) = (norm(), attention(), map()) }
    if c.scheme == .localGlobal {
      (globalNorm1, globalFc) = (norm(), map())
      globalAttn = SparseAttention(.global, attention(), grid: grid, tokens: tokens)
      attn = SparseAttention(.local, attention(), grid: grid, tokens: tokens)
    } else {
      attn = block.attn
    }
    (norm1, ls1, norm2, mlp, ls2) = (block.norm1, block.ls1, block.norm2, block.mlp, block.ls2)
    (dropPath, self.tokens) = (block.dropPath, tokens)
    func fold(_ axis: ClipFold.Axis) -> ClipFold { ClipFold(axis, of: grid, tokens: tokens) }
    self.fold =
      switch c.scheme {
      case .space, .joint, .localGlobal: nil
      case .divided: fold(.frames)
      case .axial: fold(.columns)
      }
    (time, rows) = (fold(.time), fold(.rows))
  }

  /// [B, K + T·N, C] → [B, K + T·N, C], or the first `count` ≤ K tokens alone: [B, count, C]. In
  /// the scheme `space`, B are all frames: [B·T, K + N, C].
  ///
  /// Whoever looks with `Taps` finds `input`, `temporal_attn.map` [B·N, H, T, T], `attn.map` (of
  /// `divided` [B·T, H, K + N, K + N]), `width_attn.map`, `global_attn.map`, `mlp.fc1.output` and
  /// `output`, of all tokens.
  public func callAsFunction(_ x: Variable, first count: Int? = nil) -> Variable {
    let x = x.tapped(as: "input", of: norm1.weight, above: 2)
    func isTapped(_ name: String) -> Bool {
      x.tape.isTapped(name, of: norm1.weight, above: 2)
    }
    if let count, isTapped("output") || isTapped("mlp.fc1.output") {
      return output(x, first: nil).sliced(-2, 0..<count)
    }
    return output(x, first: count)
  }

  private func output(_ x: Variable, first count: Int?) -> Variable {
    var y = x
    if let temporalNorm1, let temporalAttn, let temporalFc {
      y = added(to: y, temporalNorm1, temporalAttn, temporalFc, time, "temporal_attn.map")
    }
    if let widthNorm1, let widthAttn, let widthFc {
      y = added(to: y, widthNorm1, widthAttn, widthFc, rows, "width_attn.map")
    }
    y = attended(y, first: globalAttn == nil ? count : nil)
    if let globalNorm1, let globalAttn, let globalFc {
      y = added(to: y, globalNorm1, globalAttn, globalFc, nil, "global_attn.map").tokens(count)
    }
    return mlp(norm2(y), onto: Residual(value: y, dropPath: dropPath, scale: ls2))
      .tapped(as: "output", of: norm1.weight, above: 2)
  }

  /// The attention of the image model: x + dropPath(ls1(attn(norm1(x)))), group by group.
  private func attended(_ x: Variable, first count: Int?) -> Variable {
    let x = fold?.folded(x) ?? x
    let normed = norm1(x)
    show(attn, normed, "attn.map")
    let y = attn(
      normed, first: count,
      onto: Residual(value: x.tokens(count), dropPath: dropPath, scale: ls1))
    return fold?.unfolded(y) ?? y
  }

  /// x + fc(dropPath(attention(norm(x)))), group by group: a further attention. Tokens in front of
  /// the patches, of which the groups have none, stay as they are.
  private func added(
    to x: Variable, _ norm: LayerNorm, _ attention: any Attention, _ fc: Linear,
    _ fold: ClipFold?, _ map: String
  ) -> Variable {
    let normed = norm(fold?.folded(x) ?? x)
    show(attention, normed, map)
    let part = attention(normed).dropPath(dropPath)
    let y = fold?.unfolded(part) ?? part
    func sum(_ x: Variable) -> Variable { fc(y, onto: Residual(value: x), dropRate: 0) }
    guard tokens > 0, fold.map({ !$0.hasTokens }) ?? false else { return sum(x) }
    return x.sliced(1, 0..<tokens).concatenated(sum(x.sliced(1, tokens..<x.shape[1])), 1)
  }

  private func show(_ attention: any Attention, _ normed: Variable, _ map: String) {
    let tape = normed.tape
    guard tape.isTapped(map, of: norm1.weight, above: 2),
      !tape.isUsed(map, of: norm1.weight, above: 2)
    else { return }
    attention.attentionWeights(normed)?.tapped(as: map, of: norm1.weight, above: 2)
  }
}
