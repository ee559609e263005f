import Autodiff

/// Direct logit attribution (Elhage et al. 2021, A Mathematical Framework for Transformer
/// Circuits): what each part of a model adds to the logits by itself, with the deviations that the
/// last normalisation divides by held as they are. The parts sum to the logits.
///
/// ```swift
/// let attribution = try LogitAttribution(of: images, model, weights)
/// for part in attribution.parts { print(part.name, part.logits[0, 3]) }
/// ```
public struct LogitAttribution: Sendable {
  /// What a part adds, [B, classes]: `start` (patches, tokens and positions as they enter),
  /// `blocks.3.attn.head.2`, `blocks.3.attn.bias` (the projection's; `blocks.3.attn` of an
  /// attention of one's own, as a whole), `blocks.3.mlp`, and `bias` (of the last normalisation and
  /// the head).
  public let parts: [(name: String, logits: Tensor)]
  /// The logits of the model, [B, classes].
  public let logits: Tensor

  /// The attribution of the logits of images [B, channels, height, width].
  ///
  /// - Throws: `InputError` for a distilled model, whose logits are those of two heads.
  public init(
    of images: Tensor, _ model: VisionTransformer, _ weights: ParameterStore
  ) throws(InputError) {
    try self.init(of: images, model, FrozenWeights(weights))
  }

  /// The same, in the precision of frozen weights.
  ///
  /// - Throws: `InputError` for a distilled model, whose logits are those of two heads.
  public init(
    of images: Tensor, _ model: VisionTransformer, _ weights: FrozenWeights
  ) throws(InputError) {
    try Self.check(model)
    self.init(ofChecked: images, model, weights)
  }

  /// The same of a model that `check` has let pass.
  package init(ofChecked images: Tensor, _ model: VisionTransformer, _ weights: FrozenWeights) {
    let taps = Taps(
      "blocks.0.input", "blocks.*.attn.heads", "blocks.*.attn.added", "blocks.*.mlp.added",
      "blocks.\(model.blocks.count - 1).output")
    var pass = weights.pass
    pass.taps = taps
    let tape = Tape(weights.weights, pass)
    logits = model(tape.constant(images)).value
    let values = Dictionary(
      tape.tapped.map { ($0.place, $0.value) }, uniquingKeysWith: { first, _ in first })
    func value(_ place: String) -> Variable { tape.constant(values[place]!) }

    let last = LastNorm(model, of: value("blocks.\(model.blocks.count - 1).output"))
    var found = [("start", last.logits(of: model.start(value("blocks.0.input"))))]
    for (layer, block) in model.blocks.enumerated() {
      func add(_ name: String, _ part: Variable, _ scale: LayerScale?) {
        found.append(("blocks.\(layer).\(name)", last.logits(of: scale.map { $0(part) } ?? part)))
      }
      if let proj = block.attn.projection {
        let seen = value("blocks.\(layer).attn.heads")
        let width = seen.shape[-1] / block.attn.heads
        for head in 0..<block.attn.heads {
          let columns = head * width..<(head + 1) * width
          let weight = tape[proj.weight].sliced(1, columns)
          add("attn.head.\(head)", seen.sliced(-1, columns).linear(weight), block.ls1)
        }
        if let bias = proj.bias {
          let shape = seen.shape.replacing(-1, with: bias.shape[0])
          add("attn.bias", tape[bias].broadcast(to: shape), block.ls1)
        }
      } else {
        add("attn", value("blocks.\(layer).attn.added"), block.ls1)
      }
      add("mlp", value("blocks.\(layer).mlp.added"), block.ls2)
    }
    found.append(("bias", last.bias.broadcast(to: logits.shape)))
    parts = found.map { ($0, $1.value) }
  }

  /// - Throws: `InputError` for a model that has no attribution.
  package static func check(_ model: VisionTransformer) throws(InputError) {
    guard model.headDist == nil else {
      throw InputError(
        message: "logit attribution is of models with one head, and a distilled one has two")
    }
  }
}

/// What a model's last normalisation, pooling and head make of a part of the tokens, where the
/// normalisation divides by the deviations of all of them.
private struct LastNorm {
  let model: VisionTransformer
  let norm: LayerNorm
  let deviations: Variable
  let tokens: Int

  /// Of the last block's `output`, [B, T + N, C].
  init(_ model: VisionTransformer, of output: Variable) {
    (self.model, tokens) = (model, output.shape[1])
    norm = model.norm ?? model.fcNorm!
    let read = model.norm == nil ? model.pooled(output) : output
    let centred = read - read.mean(-1, keepingAxis: true)
    deviations = (centred.squared().mean(-1, keepingAxis: true) + norm.epsilon).squareRoot()
  }

  /// [B, T + N, C], or [B, N, C] from in front of where tokens join the patches → [B, classes].
  func logits(of part: Variable) -> Variable {
    let missing = tokens - part.shape[1]
    let zeros = Tensor(repeating: 0, part.shape.replacing(1, with: missing))
    let whole = missing == 0 ? part : part.tape.constant(zeros).concatenated(part, 1)
    let read =
      model.norm == nil ? normed(model.pooled(whole)) : model.pooled(normed(whole))
    return read.linear(part.tape[model.head.weight])
  }

  private func normed(_ x: Variable) -> Variable {
    (x - x.mean(-1, keepingAxis: true)) / deviations * x.tape[norm.weight]
  }

  /// [1, classes]
  var bias: Variable {
    let tape = deviations.tape
    let shift = tape[norm.bias].reshaped([1, norm.bias.shape[0]])
    return shift.linear(tape[model.head.weight], bias: model.head.bias.map { tape[$0] })
  }
}

extension Attention {
  /// What mixes the heads that stand side by side in the place `heads`, where there is such a map.
  var projection: Linear? {
    (self as? MHSA)?.proj ?? (self as? any PositionalAttention)?.proj
  }
}
