import Autodiff
import Testing

@testable import ConViT

/// What must hold exactly of models of clips: Bertasius et al. 2021, and the authors' code.
struct TimeSformerTests {
  static let schemes = TimeSformerConfiguration.Scheme.allCases

  private func clips(_ shape: Shape, seed: UInt64 = 3) -> Tensor {
    var random = Random(seed: seed).split("clips")
    return Tensor(shape, (0..<shape.elementCount).map { _ in Float(random.uniform(-1, 1)) })
  }

  private func logits(_ model: any Model, _ weights: ParameterStore, _ x: Tensor) -> Tensor {
    model(Tape(weights, .inference).constant(x)).value
  }

  private func difference(_ a: Tensor, _ b: Tensor) -> Float {
    guard a.shape == b.shape else { return .infinity }
    return zip(a.elements, b.elements).map { abs($0 - $1) }.max() ?? .infinity
  }

  /// One frame, as many times as a clip has.
  private func still(_ image: Tensor, frames: Int) -> Tensor {
    let (batch, rest) = (image.shape[0], Array(image.shape.sizes.dropFirst()))
    let x = image.reshaped(Shape([batch, 1] + rest))
    return .concatenated(Array(repeating: x, count: frames), 1)
  }

  private func small(_ kind: String) throws -> SavedModel {
    var c = ViTConfiguration(
      kind.hasPrefix("convit") ? .convit : .vit, imageSize: 16, patchSize: 4, embedDim: 16, heads: 4
    )
    (c.depth, c.classes, c.imageWidth) = (3, 5, 12)
    c.localUpToLayer = c.family == .convit ? 2 : 0
    switch kind {
    case "distilled": c.isDistilled = true
    case "pooled":
      (c.pooling, c.registers, c.embedsTokens, c.layerScale) = (.average, 2, false, 0.5)
    case "convit_pooled": (c.pooling, c.localUpToLayer) = (.average, 3)
    default: break
    }
    let model = try VisionTransformer(c)
    return SavedModel(model, lively(ParameterStore(model, seed: 11)))
  }

  /// Weights of which none is zero or one of many alike.
  private func lively(_ weights: ParameterStore) -> ParameterStore {
    var weights = weights
    for slot in 0..<weights.tree.count {
      let (shape, old) = (weights[slot: slot].shape, weights[slot: slot].elements)
      var random = Random(seed: 5).split(weights.tree.names[slot])
      weights[slot: slot] = Tensor(shape, old.map { $0 + Float(random.uniform(-0.2, 0.2)) })
    }
    return weights
  }

  /// A clip in which nothing moves gives what the image model gives of one frame, as long as the
  /// maps behind the attentions in time, and the time embedding, are zero.
  @Test(arguments: ["vit", "distilled", "pooled", "convit", "convit_pooled"])
  func aStillClipIsAnImage(kind: String) throws {
    let saved = try small(kind)
    let image = clips([2, 3, 16, 12])
    for scheme in [TimeSformerConfiguration.Scheme.divided, .space] {
      let inflated = try saved.inflated(frames: 3, scheme: scheme)
      let (ours, theirs) = (
        logits(inflated.model, inflated.weights, still(image, frames: 3)),
        logits(saved.model, saved.weights, image)
      )
      #expect(difference(ours, theirs) < 1e-5, "\(scheme)")
      // Which these weights would not give if the attentions in time were there.
      let other = logits(inflated.model, lively(inflated.weights), still(image, frames: 3))
      #expect(difference(other, theirs) > 1e-3)
    }
  }

  /// `space` does not see the order of the frames, the others not at their start.
  @Test(arguments: schemes) func framesInAnotherOrder(scheme: TimeSformerConfiguration.Scheme)
    throws
  {
    let inflated = try small("vit").inflated(frames: 4, scheme: scheme)
    let x = clips([1, 4, 3, 16, 12])
    let y = Tensor.concatenated([2, 0, 3, 1].map { x.sliced(1, $0..<$0 + 1) }, 1)
    func change(_ weights: ParameterStore) -> Float {
      difference(logits(inflated.model, weights, x), logits(inflated.model, weights, y))
    }
    #expect(change(inflated.weights) < 1e-5)
    let learned = change(lively(inflated.weights))
    #expect(scheme == .space ? learned < 1e-5 : learned > 1e-4)
  }

  /// A batch is its clips, one by one, and a recomputed pass has the same derivatives.
  @Test(arguments: schemes) func clipsDoNotMix(scheme: TimeSformerConfiguration.Scheme) throws {
    let inflated = try small("vit").inflated(frames: 3, scheme: scheme)
    let (model, weights) = (inflated.model, lively(inflated.weights))
    let x = clips([3, 3, 3, 16, 12])
    let all = logits(model, weights, x)
    for clip in 0..<3 {
      let one = logits(model, weights, x.sliced(0, clip..<clip + 1))
      #expect(difference(one, all.sliced(0, clip..<clip + 1)) < 1e-5)
    }
    func gradients(_ pass: Pass) -> Gradients {
      let tape = Tape(weights, pass)
      return tape.gradients(of: model(tape.constant(x)).crossEntropy(labels: [0, 1, 2]).mean())
    }
    let (plain, again) = (gradients(Pass()), gradients(Pass(recomputesBlocks: true)))
    for name in weights.tree.names {
      #expect(try difference(#require(plain[name]), #require(again[name])) < 1e-6, "\(name)")
    }
  }

  /// What is dropped in a clip depends on its own random numbers, and not on what else is there.
  @Test(arguments: schemes) func clipsDropByThemselves(
    scheme: TimeSformerConfiguration.Scheme
  ) throws {
    var c = try small("vit").transformer.configuration
    (c.dropRate, c.attnDropRate, c.dropPathRate) = (0.1, 0.2, 0.5)
    let model = try TimeSformer(TimeSformerConfiguration(c, frames: 3, scheme: scheme))
    let weights = lively(ParameterStore(model, seed: 0))
    let x = clips([2, 3, 3, 16, 12])
    let sources = (0..<2).map { Random(seed: 8).split("clip").split($0) }
    func trained(_ range: Range<Int>) -> Tensor {
      let tape = Tape(weights, Pass(randomness: Array(sources[range])))
      return model(tape.constant(x.sliced(0, range))).value
    }
    let both = trained(0..<2)
    for clip in 0..<2 {
      let one = trained(clip..<clip + 1)
      #expect(difference(one, both.sliced(0, clip..<clip + 1)) < 1e-5)
      #expect(difference(one, logits(model, weights, x.sliced(0, clip..<clip + 1))) > 1e-3)
    }
  }

  /// What the last block leaves out for the head is nothing that the head reads.
  @Test(arguments: schemes) func theHeadReadsTheClassToken(
    scheme: TimeSformerConfiguration.Scheme
  ) throws {
    let inflated = try small("distilled").inflated(frames: 3, scheme: scheme)
    let (model, weights) = (inflated.model, lively(inflated.weights))
    let x = clips([2, 3, 3, 16, 12])
    let tape = Tape(weights, Pass(isRecorded: false, taps: Taps("blocks.2.output")))
    #expect(difference(model(tape.constant(x)).value, logits(model, weights, x)) < 1e-5)
    #expect(tape.tapped.map(\.value.shape[1]) == [scheme == .space ? 14 : 38])
    let hidden = Tape(weights, Pass(isRecorded: false, taps: Taps("blocks.2.mlp.fc1.output")))
    #expect(difference(model(hidden.constant(x)).value, logits(model, weights, x)) < 1e-5)
    #expect(hidden.tapped.map(\.value.shape[1]) == [scheme == .space ? 14 : 38])
  }

  /// Attention in time and space can be looked at, and derivatives by it are the same as through
  /// the attention that keeps none.
  @Test(arguments: schemes) func mapsToLookAt(scheme: TimeSformerConfiguration.Scheme) throws {
    let inflated = try small("vit").inflated(frames: 3, scheme: scheme)
    let (model, weights) = (inflated.model, lively(inflated.weights))
    let x = clips([2, 3, 3, 16, 12])
    let expected: [(String, Shape)] =
      switch scheme {
      case .space: [("attn", [6, 4, 13, 13])]
      case .joint: [("attn", [2, 4, 37, 37])]
      case .divided: [("temporal_attn", [24, 4, 3, 3]), ("attn", [6, 4, 13, 13])]
      case .localGlobal: [("attn", [2, 4, 37, 37]), ("global_attn", [2, 4, 37, 37])]
      case .axial:
        [
          ("temporal_attn", [24, 4, 3, 3]), ("width_attn", [24, 4, 4, 4]),
          ("attn", [18, 4, 5, 5]),
        ]
      }
    func pass(_ taps: Taps?) -> (Tape, Gradients) {
      let tape = Tape(weights, Pass(taps: taps))
      let loss = model(tape.constant(x)).crossEntropy(labels: [3, 1]).mean()
      return (tape, tape.gradients(of: loss))
    }
    let (_, plain) = pass(nil)
    let (shown, same) = pass(Taps("blocks.1.*.map"))
    let (derived, others) = pass(Taps("blocks.1.*.map", withDerivatives: true))
    for tape in [shown, derived] {
      #expect(tape.tapped.map(\.place) == expected.map { "blocks.1.\($0.0).map" })
      #expect(tape.tapped.map(\.value.shape) == expected.map(\.1))
    }
    for (a, b) in zip(shown.tapped, derived.tapped) {
      #expect(difference(a.value, b.value) < 1e-5, "\(a.place)")
    }
    #expect(derived.tapped.allSatisfy { $0.derivative?.shape == $0.value.shape })
    for name in weights.tree.names {
      let gradient = try #require(plain[name])
      #expect(same[name] == gradient, "\(name)")
      #expect(try difference(#require(others[name]), gradient) < 1e-5, "\(name)")
    }
  }

  @Test func aConViTLooksWithinFrames() throws {
    for scheme in [TimeSformerConfiguration.Scheme.joint, .localGlobal, .axial] {
      let error = #expect(throws: (any Error).self) {
        try small("convit").inflated(frames: 3, scheme: scheme)
      }
      #expect("\(error.map { "\($0)" } ?? "")".contains("its attention is space or divided, not"))
    }
    let model = try TimeSformer(TimeSformerConfiguration(small("convit").transformer.configuration))
    #expect(model.blocks.map(\.attn.kind) == ["gpsa", "gpsa", "mhsa"])
  }

  /// The authors' `no_weight_decay`: embeddings and tokens.
  @Test func embeddingsDoNotDecay() throws {
    let tree = ParameterTree(try small("vit").inflated(frames: 3).model)
    let decaying = Set(ParameterSelection.decaying.slots(in: tree).map { tree.names[$0] })
    #expect(decaying.contains("blocks.0.temporal_fc.weight"))
    #expect(decaying.isDisjoint(with: ["time_embed", "pos_embed", "cls_token"]))
  }

  @Test func framesAreCounted() throws {
    let image = try ViTConfiguration.preset(of: "vit_tiny_patch16_224")
    for (frames, reason) in [(0, "the frames must be 1 to 1024, found 0"), (1025, "found 1025")] {
      let error = #expect(throws: ConfigurationError.self) {
        try TimeSformer(TimeSformerConfiguration(image, frames: frames))
      }
      #expect(error?.message.contains(reason) == true)
    }
    var c = try small("vit").transformer.configuration
    #expect(try TimeSformer(TimeSformerConfiguration(c, frames: 3)).rows == 1 + 3 * 12)
    (c.patchSize, c.imageHeight, c.imageWidth) = (1, 16, 16)
    try TimeSformerConfiguration(c, frames: 1024).validate()
    c.imageWidth = 17
    let error = #expect(throws: ConfigurationError.self) {
      try TimeSformerConfiguration(c, frames: 1024).validate()
    }
    #expect(
      error?.message == "278528 patches of a clip are more than the 262144 supported")
  }
}
