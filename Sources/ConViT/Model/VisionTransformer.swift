import Autodiff

/// A vision transformer with GPSA blocks in front (ConViT) or without (ViT, DeiT).
///
/// ```swift
/// let model = try VisionTransformer(.preset(of: "convit_tiny"))
/// let weights = ParameterStore(model, seed: 0)
/// let tape = Tape(weights, .inference)
/// let logits = model(tape.constant(images))  // [B, 3, 224, 224] → [B, 1000]
/// ```
public struct VisionTransformer: Model {
  let clsToken, distToken, regToken: Parameter?
  /// [1, N, C], or [1, T + N, C] in the ViT family, if it embeds its T tokens.
  public let posEmbed: Parameter?
  /// Pixels → patches. In its place may stand any ``Stem`` that makes as many of them.
  public var patchEmbed: any Stem
  /// The first `localUpToLayer` of them with GPSA (PSA if not gated), the others with MHSA.
  public var blocks: [Block]
  /// Of all tokens behind the blocks, unless the pooling comes first.
  public var norm: LayerNorm?
  /// Of what the head reads, if the pooling comes first.
  public var fcNorm: LayerNorm?
  /// C → classes
  public var head: Linear
  /// The head that learns from a teacher.
  public var headDist: Linear?
  /// What the model was made from.
  public let configuration: ViTConfiguration

  /// The model of a configuration, which must be valid.
  public init(_ configuration: ViTConfiguration) throws(ConfigurationError) {
    try configuration.validate()
    let c = configuration
    let (dim, grid) = (c.embedDim, c.grid)
    func embedding(_ length: Int) -> Parameter {
      Parameter([1, length, dim], kind: .embedding, initial: .truncatedNormal(0.02))
    }
    func attention(_ layer: Int) -> any Attention {
      guard layer < c.localUpToLayer else { return c.selfAttention(inLayer: layer) }
      let heads = c.heads(inLayer: layer)
      let headDim = c.headsByLayer == nil ? c.headDim : c.headFeatures
      guard c.isGated else {
        return PSA(
          dim: dim, heads: heads, headDim: headDim, grid: grid, start: c.start, qkvBias: c.qkvBias,
          dropRate: c.dropRate, attnDropRate: c.attnDropRate)
      }
      return GPSA(
        dim: dim, heads: heads, headDim: headDim, grid: grid, start: c.start,
        gateStart: c.gateStart,
        qkvBias: c.qkvBias, dropRate: c.dropRate, attnDropRate: c.attnDropRate)
    }
    self.configuration = configuration
    func norm() -> LayerNorm { LayerNorm(dim, epsilon: c.normEpsilon) }
    clsToken = c.hasClassToken ? embedding(1) : nil
    distToken = c.isDistilled ? embedding(1) : nil
    regToken = c.registers > 0 ? embedding(c.registers) : nil
    posEmbed = c.usePosEmbed ? embedding(c.embeddedTokens + grid.count) : nil
    patchEmbed = PatchEmbed(
      channels: c.channels, patchSize: c.patchSize, dim: dim)
    blocks = (0..<c.depth).map { layer in
      Block(
        dim: dim, attention: attention(layer),
        mlp: MLP(dim, hidden: c.hiddenDim(inLayer: layer), dropRate: c.dropRate),
        dropPath: c.dropPathRate * Float(layer) / Float(max(c.depth - 1, 1)),
        layerScale: c.layerScale, normEpsilon: c.normEpsilon)
    }
    self.norm = c.normFollowsPooling ? nil : norm()
    fcNorm = c.normFollowsPooling ? norm() : nil
    head = Linear(dim, c.classes, kind: .head)
    headDist = c.isDistilled ? Linear(dim, c.classes, kind: .head) : nil
  }

  /// [channels, height, width]
  public var input: Shape {
    Shape(configuration.channels, configuration.imageHeight, configuration.imageWidth)
  }

  /// The tokens of an image.
  public var rows: Int { configuration.grid.count + configuration.tokens }

  /// Images to logits, [B, channels, height, width] → [B, classes]; a distilled model's two heads
  /// are averaged, as its authors do at test time.
  public func callAsFunction(_ images: Variable) -> Variable {
    logits(ofPatches: patches(images))
  }

  /// The same from the patches on: [B, N, C] → [B, classes].
  package func logits(ofPatches patches: Variable) -> Variable {
    outputs(ofPatches: patches).averaged
  }

  /// Images to the logits of each head, [B, channels, height, width] → [B, classes]: `head`'s, and
  /// those of `headDist` if the model is distilled, as a training with a teacher wants them.
  public func outputs(_ images: Variable) -> Outputs { outputs(ofPatches: patches(images)) }

  /// What the stem makes of images: [B, channels, height, width] → [B, N, C].
  package func patches(_ images: Variable) -> Variable {
    checkPrecondition(
      images.shape.rank == 4 && images.shape.removing(0) == input,
      "VisionTransformer: images \(images.shape) for a model of \(configuration.channels) × "
        + "\(configuration.imageHeight) × \(configuration.imageWidth) pixels")
    return patchEmbed(images)
  }

  /// The same from the patches on: [B, N, C] → [B, classes].
  package func outputs(ofPatches patches: Variable) -> Outputs {
    // Heads that read tokens read nothing else, so the last block computes nothing else.
    let tokens = configuration.headTokens
    return outputs(ofFeatures: features(patches, first: tokens > 0 ? tokens : nil))
  }

  /// What the heads make of the last tokens, which are normalised unless the pooling comes first.
  private func outputs(ofFeatures features: Variable) -> Outputs {
    let pooled = pooled(features)
    return Outputs(
      head(fcNorm.map { $0(pooled) } ?? pooled),
      distillation: headDist.map { $0(token(1, of: features)) })
  }

  /// The logits if the model ended behind a block, of the values at `blocks.*.output`:
  /// [B, T + N, C] → [B, classes]. Where a block has no class token yet, the head reads the mean
  /// over the patches in its place.
  public func earlyExit(_ tokens: Variable) -> Variable {
    let features = norm.map { $0(tokens) } ?? tokens
    guard tokens.shape[1] == configuration.grid.count, configuration.headTokens > 0 else {
      return outputs(ofFeatures: features).averaged
    }
    let mean = features.mean(1)
    return Outputs(head(mean), distillation: headDist.map { $0(mean) }).averaged
  }

  /// Images to the last block's tokens, normalised unless the pooling comes first:
  /// [B, channels, height, width] → [B, T + N, C], the T class, distillation and register tokens
  /// first.
  public func features(_ images: Variable) -> Variable { features(patches(images), first: nil) }

  private func features(_ patches: Variable, first count: Int?) -> Variable {
    var x = patches
    checkPrecondition(
      x.shape.rank == 3 && x.shape[1] == configuration.grid.count
        && x.shape[2] == configuration.embedDim,
      "VisionTransformer: the stem makes \(x.shape) of images, expected "
        + "\(configuration.grid.count) tokens of \(configuration.embedDim) features")
    let isViT = configuration.family == .vit
    if isViT && configuration.embedsTokens { x = joined(x) }
    if let posEmbed { x = x + x.tape[posEmbed] }
    if isViT && !configuration.embedsTokens { x = joined(x) }
    x = x.dropout(configuration.dropRate)
    for (layer, block) in blocks.enumerated() {
      if !isViT && layer == configuration.localUpToLayer { x = joined(x) }
      let count = layer == blocks.count - 1 ? count : nil
      x =
        x.tape.pass.recomputesBlocks
        ? x.tape.recomputed([x]) { block($0[0], first: count) } : block(x, first: count)
    }
    return norm.map { $0(x) } ?? x
  }

  /// Tokens as they enter: those of the first block [B, N, C], and in front of them those that a
  /// later block is the first to have, [B, T + N, C].
  func start(_ first: Variable) -> Variable {
    configuration.family == .vit || configuration.localUpToLayer == 0 ? first : joined(first)
  }

  /// Class, distillation and register tokens in front of a sequence: [B, N, C] → [B, T + N, C].
  private func joined(_ x: Variable) -> Variable {
    func each(_ tokens: Parameter) -> Variable {
      x.tape[tokens].broadcast(to: x.shape.replacing(1, with: tokens.shape[1]))
    }
    guard let clsToken else {
      guard let regToken else { return x }
      return each(regToken).concatenated(x, 1)
    }
    var tokens = each(clsToken)
    if let distToken { tokens = tokens.concatenated(each(distToken), 1) }
    if let regToken { tokens = tokens.concatenated(each(regToken), 1) }
    return tokens.concatenated(x, 1)
  }

  /// What the head reads of the last block's tokens: [B, T + N, C] → [B, C].
  func pooled(_ features: Variable) -> Variable {
    guard configuration.pooling == .average else { return token(0, of: features) }
    let patches = configuration.grid.count
    let tokens = features.shape[1] - patches
    return (tokens == 0 ? features : features.sliced(1, tokens..<tokens + patches)).mean(1)
  }

  private func token(_ index: Int, of features: Variable) -> Variable {
    features.sliced(1, index..<index + 1).reshaped(features.shape.removing(1))
  }
}

extension ViTConfiguration {
  /// The self-attention of a block that is not local.
  func selfAttention(inLayer layer: Int) -> MHSA {
    MHSA(
      dim: embedDim, heads: heads(inLayer: layer),
      headDim: headsByLayer == nil ? headDim : headFeatures, qkvBias: qkvBias, dropRate: dropRate,
      attnDropRate: attnDropRate)
  }
}
