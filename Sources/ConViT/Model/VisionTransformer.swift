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
  private let clsToken, distToken: Parameter?
  /// [1, N, C], or [1, tokens + N, C] in the ViT family.
  public let posEmbed: Parameter?
  /// Pixels → patches.
  public var patchEmbed: PatchEmbed
  /// The first `localUpToLayer` of them with GPSA (PSA if not gated), the others with MHSA.
  public var blocks: [Block]
  /// In front of the heads.
  public var norm: LayerNorm
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
    let (dim, grid, tokens) = (c.embedDim, c.grid, c.tokens)
    func embedding(_ length: Int) -> Parameter {
      Parameter([1, length, dim], kind: .embedding, initial: .truncatedNormal(0.02))
    }
    func attention(_ layer: Int) -> any Attention {
      guard layer < c.localUpToLayer else {
        return MHSA(
          dim: dim, heads: c.heads, qkvBias: c.qkvBias, dropRate: c.dropRate,
          attnDropRate: c.attnDropRate)
      }
      guard c.isGated else {
        return PSA(
          dim: dim, heads: c.heads, grid: grid, start: c.start, qkvBias: c.qkvBias,
          dropRate: c.dropRate, attnDropRate: c.attnDropRate)
      }
      return GPSA(
        dim: dim, heads: c.heads, grid: grid, start: c.start, gateStart: c.gateStart,
        qkvBias: c.qkvBias, dropRate: c.dropRate, attnDropRate: c.attnDropRate)
    }
    self.configuration = configuration
    clsToken = tokens > 0 ? embedding(1) : nil
    distToken = tokens > 1 ? embedding(1) : nil
    posEmbed =
      c.usePosEmbed ? embedding(grid.count + (c.family == .vit ? tokens : 0)) : nil
    patchEmbed = PatchEmbed(channels: c.channels, patchSize: c.patchSize, dim: dim)
    blocks = (0..<c.depth).map { layer in
      Block(
        dim: dim, attention: attention(layer),
        mlp: MLP(dim, hidden: c.hiddenDim, dropRate: c.dropRate),
        dropPath: c.dropPathRate * Float(layer) / Float(max(c.depth - 1, 1)))
    }
    norm = LayerNorm(dim)
    head = Linear(dim, c.classes, kind: .head)
    headDist = tokens > 1 ? Linear(dim, c.classes, kind: .head) : nil
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
    let outputs = outputs(images)
    return outputs.distillation.map { 0.5 * (outputs.logits + $0) } ?? outputs.logits
  }

  /// Images to the logits of each head, [B, channels, height, width] → [B, classes]: `head`'s, and
  /// those of `headDist` if the model is distilled, as a training with a teacher wants them.
  public func outputs(_ images: Variable) -> Outputs {
    // The heads read nothing but the tokens, so the last block computes nothing else.
    let tokens = configuration.tokens
    let features = features(images, first: tokens > 0 ? tokens : nil)
    return Outputs(
      head(pooled(features)), distillation: headDist.map { $0(token(1, of: features)) })
  }

  /// Images to the last block's tokens, normalised: [B, channels, height, width] → [B, T + N, C],
  /// the T class and distillation tokens first.
  public func features(_ images: Variable) -> Variable { features(images, first: nil) }

  private func features(_ images: Variable, first count: Int?) -> Variable {
    checkPrecondition(
      images.shape.rank == 4 && images.shape.removing(0) == input,
      "VisionTransformer: images \(images.shape) for a model of \(configuration.channels) × "
        + "\(configuration.imageHeight) × \(configuration.imageWidth) pixels")
    var x = patchEmbed(images)
    if configuration.family == .vit { x = joined(x) }
    if let posEmbed { x = x + x.tape[posEmbed] }
    x = x.dropout(configuration.dropRate)
    for (layer, block) in blocks.enumerated() {
      if configuration.family == .convit && layer == configuration.localUpToLayer { x = joined(x) }
      let count = layer == blocks.count - 1 ? count : nil
      x =
        x.tape.pass.recomputesBlocks
        ? x.tape.recomputed([x]) { block($0[0], first: count) } : block(x, first: count)
    }
    return norm(x)
  }

  /// The class and distillation tokens in front of a sequence: [B, N, C] → [B, T + N, C].
  private func joined(_ x: Variable) -> Variable {
    func each(_ token: Parameter) -> Variable {
      x.tape[token].broadcast(to: x.shape.replacing(1, with: 1))
    }
    guard let clsToken else { return x }
    guard let distToken else { return each(clsToken).concatenated(x, 1) }
    return each(clsToken).concatenated(each(distToken), 1).concatenated(x, 1)
  }

  private func pooled(_ features: Variable) -> Variable {
    configuration.pooling == .average ? features.mean(1) : token(0, of: features)
  }

  private func token(_ index: Int, of features: Variable) -> Variable {
    features.sliced(1, index..<index + 1).reshaped(features.shape.removing(1))
  }
}
