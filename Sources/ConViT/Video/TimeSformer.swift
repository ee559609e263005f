import Autodiff

/// A transformer of clips, which looks along space and time: "Is space-time attention all you need
/// for video understanding?" (Bertasius et al. 2021, arXiv:2102.05095), of any number of frames and
/// size of them, on a ViT, DeiT or ConViT.
///
/// ```swift
/// let model = try TimeSformer(.preset(of: "timesformer_base_patch16_224"))
/// let weights = ParameterStore(model, seed: 0)
/// let logits = model(Tape(weights, .inference).constant(clips))  // [B, 8, 3, 224, 224] → [B, 400]
/// ```
///
/// PyTorch equivalent: the authors' `timesformer/models/vit.py`, whose names of parameters these
/// are, and `TimesformerForVideoClassification` of Hugging Face's transformers. At the start the
/// attentions in time add nothing, so that `divided` gives of equal frames what the image model
/// gives of one. Patches are in another order than there, frame by frame, which changes no result.
public struct TimeSformer: Model {
  private let clsToken, distToken, regToken: Parameter?
  /// [1, N, C], or [1, K + N, C] in the ViT family, if it embeds its K tokens: the same in each
  /// frame.
  public let posEmbed: Parameter?
  /// [1, T, C], zero at first; none in the scheme `space`.
  public let timeEmbed: Parameter?
  /// Pixels of a frame → patches. In its place may stand any ``Stem`` that makes as many of them.
  public var patchEmbed: any Stem
  /// The first `localUpToLayer` of them with GPSA within the frames.
  public var blocks: [SpaceTimeBlock]
  /// Of all tokens behind the blocks, unless the pooling comes first.
  public var norm: LayerNorm?
  /// Of what the head reads, if the pooling comes first.
  public var fcNorm: LayerNorm?
  /// C → classes
  public var head: Linear
  /// The head that learns from a teacher.
  public var headDist: Linear?
  /// What the model was made from.
  public let configuration: TimeSformerConfiguration

  /// The model of a configuration, which must be valid.
  public init(_ configuration: TimeSformerConfiguration) throws(ConfigurationError) {
    try configuration.validate()
    let image = try VisionTransformer(configuration.image)
    self.configuration = configuration
    (clsToken, distToken, regToken) = (image.clsToken, image.distToken, image.regToken)
    (posEmbed, patchEmbed) = (image.posEmbed, image.patchEmbed)
    timeEmbed =
      configuration.scheme == .space
      ? nil
      : Parameter(
        [1, configuration.frames, configuration.image.embedDim], kind: .embedding, initial: .zeros)
    blocks = image.blocks.enumerated().map { SpaceTimeBlock($1, layer: $0, configuration) }
    (norm, fcNorm, head, headDist) = (image.norm, image.fcNorm, image.head, image.headDist)
  }

  /// [frames, channels, height, width]
  public var input: Shape {
    let image = configuration.image
    return Shape(configuration.frames, image.channels, image.imageHeight, image.imageWidth)
  }

  /// The tokens of a clip.
  public var rows: Int { configuration.grid.count + configuration.image.tokens }

  /// Clips to logits, [B, T, channels, height, width] → [B, classes]; a distilled model's two heads
  /// are averaged.
  public func callAsFunction(_ clips: Variable) -> Variable {
    outputs(clips).averaged
  }

  /// Clips to the logits of each head, [B, T, channels, height, width] → [B, classes].
  public func outputs(_ clips: Variable) -> Outputs {
    // Heads that read tokens read nothing else, so the last block computes nothing else.
    let tokens = configuration.image.headTokens
    let features = features(clips, first: tokens > 0 ? tokens : nil)
    let pooled = pooled(features)
    return Outputs(
      head(fcNorm.map { $0(pooled) } ?? pooled),
      distillation: headDist.map { $0(token(1, of: features)) })
  }

  /// Clips to the last block's tokens, normalised unless the pooling comes first:
  /// [B, T, channels, height, width] → [B, K + T·N, C], the K class, distillation and register
  /// tokens first, then the patches, frame by frame; of `space` the mean over the frames,
  /// [B, K + N, C].
  public func features(_ clips: Variable) -> Variable { features(clips, first: nil) }

  private func features(_ clips: Variable, first count: Int?) -> Variable {
    let image = configuration.image
    var x = embedded(clips)
    for (layer, block) in blocks.enumerated() {
      if layer == (image.family == .vit ? 0 : image.localUpToLayer) { x = joined(x) }
      let count = layer == blocks.count - 1 ? count : nil
      x =
        x.tape.pass.recomputesBlocks
        ? x.tape.recomputed([x]) { block($0[0], first: count) } : block(x, first: count)
    }
    if configuration.scheme == .space {
      let clips = Shape(clips.shape[0], configuration.frames, x.shape[1], x.shape[2])
      x = x.reshaped(clips).mean(1)
    }
    return norm.map { $0(x) } ?? x
  }

  /// The patches with their places in space and time: [B, T, channels, height, width] →
  /// [B, T·N, C], or [B·T, N, C] in the scheme `space`.
  private func embedded(_ clips: Variable) -> Variable {
    let (c, image) = (configuration, configuration.image)
    checkPrecondition(
      clips.shape.rank == 5 && clips.shape.removing(0) == input,
      "TimeSformer: clips \(clips.shape) for a model of \(c.frames) frames of \(image.channels) × "
        + "\(image.imageHeight) × \(image.imageWidth) pixels")
    let (batch, frames, places) = (clips.shape[0], c.frames, image.grid.count)
    var x = patchEmbed(clips.reshaped(Shape([batch * frames] + input.sizes.dropFirst())))
    checkPrecondition(
      x.shape == Shape(batch * frames, places, image.embedDim),
      "TimeSformer: the stem makes \(x.shape) of frames, expected \(places) tokens of "
        + "\(image.embedDim) features")
    if let posEmbed {
      let (position, front) = (x.tape[posEmbed], image.embeddedTokens)
      x = x + (front > 0 ? position.sliced(1, front..<front + places) : position)
    }
    x = x.dropout(image.dropRate)
    guard let timeEmbed else { return x }
    let time = x.tape[timeEmbed].reshaped(Shape(1, frames, 1, image.embedDim))
    return (x.reshaped(Shape(batch, frames, places, image.embedDim)) + time)
      .reshaped(Shape(batch, frames * places, image.embedDim)).dropout(image.dropRate)
  }

  /// Class, distillation and register tokens in front of patches: [B, n, C] → [B, K + n, C].
  private func joined(_ x: Variable) -> Variable {
    let parameters = [clsToken, distToken, regToken].compactMap(\.self)
    guard !parameters.isEmpty else { return x }
    var tokens = Variable.concatenated(parameters.map { x.tape[$0] }, 1)
    let embedded = configuration.image.embeddedTokens
    if let posEmbed, embedded > 0 { tokens = tokens + x.tape[posEmbed].sliced(1, 0..<embedded) }
    return tokens.broadcast(to: x.shape.replacing(1, with: tokens.shape[1]))
      .dropout(configuration.image.dropRate).concatenated(x, 1)
  }

  private func pooled(_ features: Variable) -> Variable {
    guard configuration.image.pooling == .average else { return token(0, of: features) }
    let tokens = configuration.image.tokens
    return (tokens == 0 ? features : features.sliced(1, tokens..<features.shape[1])).mean(1)
  }

  private func token(_ index: Int, of features: Variable) -> Variable {
    features.sliced(1, index..<index + 1).reshaped(features.shape.removing(1))
  }
}
