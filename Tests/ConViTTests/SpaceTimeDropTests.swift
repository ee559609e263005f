import Autodiff
import Testing

@testable import ConViT

/// What is dropped in training of a model of clips: Bertasius et al. 2021, and the authors' code.
struct SpaceTimeDropTests {
  typealias Scheme = TimeSformerConfiguration.Scheme

  /// The attentions of each scheme, by the names of the maps that end them.
  private static let parts: [Scheme: [String]] = [
    .space: ["attn.proj"], .joint: ["attn.proj"], .divided: ["temporal_fc", "attn.proj"],
    .localGlobal: ["attn.proj", "global_fc"], .axial: ["temporal_fc", "width_fc", "attn.proj"],
  ]

  private func model(
    _ scheme: Scheme, _ change: (inout ViTConfiguration) -> Void
  ) throws -> TimeSformer {
    var c = ViTConfiguration(.vit, imageSize: 8, patchSize: 2, embedDim: 16, heads: 2)
    (c.imageWidth, c.depth, c.isDistilled) = (6, 2, true)
    change(&c)
    return try TimeSformer(TimeSformerConfiguration(c, frames: 3, scheme: scheme))
  }

  private func drawn(_ shape: Shape, seed: UInt64) -> Tensor {
    var random = Random(seed: seed)
    return Tensor(shape, (0..<shape.elementCount).map { _ in Float(random.uniform(-1, 1)) })
  }

  /// The last block on drawn tokens, in prediction and in training, where `part` alone adds
  /// anything; with the tokens, a row each.
  private func rows(
    _ model: TimeSformer, _ part: String
  ) -> (given: [[Float]], still: [[Float]], trained: [[Float]]) {
    let block = model.blocks[1]
    var weights = ParameterStore(ParameterTree(block), seed: 1)
    let ends = ["attn.proj", "temporal_fc", "width_fc", "global_fc", "mlp.fc2"]
    for (slot, name) in weights.tree.names.enumerated() where !name.contains("norm") {
      let isSilent = name.hasSuffix("bias") || ends.contains { $0 != part && name.hasPrefix($0) }
      let shape = weights[slot: slot].shape
      weights[slot: slot] =
        isSilent
        ? Tensor(shape, Array(repeating: 0, count: shape.elementCount)) : drawn(shape, seed: 2)
    }
    let isSpace = model.configuration.scheme == .space
    let count = model.configuration.image.tokens + (isSpace ? 12 : 36)
    let clips = 8
    let x = drawn(Shape(isSpace ? 3 * clips : clips, count, 16), seed: 3)
    func rows(_ tensor: Tensor) -> [[Float]] {
      let values = tensor.elements
      return stride(from: 0, to: values.count, by: 16).map { Array(values[$0..<$0 + 16]) }
    }
    func output(_ pass: Pass) -> [[Float]] {
      let tape = Tape(weights, pass)
      return rows(block(tape.constant(x)).value)
    }
    let sources = (0..<clips).map { Random(seed: 8).split($0) }
    return (rows(x), output(.inference), output(Pass(randomness: sources)))
  }

  private func distance(_ a: [Float], _ b: [Float]) -> Float {
    zip(a, b).map { abs($0 - $1) }.max() ?? .infinity
  }

  /// Every attention and the MLP are left out as a whole, or count twice at a rate of a half.
  @Test(arguments: Scheme.allCases) func pathsAreDropped(scheme: Scheme) throws {
    let model = try model(scheme) { $0.dropPathRate = 0.5 }
    for part in (Self.parts[scheme] ?? []) + ["mlp.fc2"] {
      let (given, still, trained) = rows(model, part)
      let count = scheme == .space ? 14 : 38
      var (left, twice) = (0, 0)
      // Tokens in front of the patches are a mean over frames that are dropped by themselves.
      for row in given.indices where row % count >= 2 {
        let double = zip(given[row], still[row]).map { $0 + 2 * ($1 - $0) }
        left += distance(trained[row], given[row]) < 1e-6 ? 1 : 0
        twice += distance(trained[row], double) < 1e-4 ? 1 : 0
      }
      #expect(left > 0 && twice > 0, "\(part)")
      #expect(left + twice == given.count / count * (count - 2), "\(part)")
    }
  }

  /// The rates of dropout hold in every attention, on its weights and behind its map.
  @Test(arguments: Scheme.allCases) func attentionsDropOut(scheme: Scheme) throws {
    for isOfWeights in [true, false] {
      let model = try model(scheme) {
        if isOfWeights { $0.attnDropRate = 0.3 } else { $0.dropRate = 0.3 }
      }
      for part in Self.parts[scheme] ?? [] {
        let (_, still, trained) = rows(model, part)
        let apart = zip(still, trained).map(distance)
        let count = scheme == .space ? 14 : 38
        let patches = apart.indices.filter { $0 % count >= 2 }
        #expect(patches.allSatisfy { apart[$0] > 1e-4 }, "\(part), weights: \(isOfWeights)")
      }
    }
  }

  /// Tokens drop out once, patches behind the position embedding and again behind that of time.
  @Test(arguments: Scheme.allCases) func embeddingsDropOut(scheme: Scheme) throws {
    let model = try model(scheme) { $0.dropRate = 0.5 }
    var weights = ParameterStore(model, seed: 4)
    for name in ["cls_token", "dist_token", "pos_embed"] {
      let slot = try #require(weights.tree.names.firstIndex(of: name))
      weights[slot: slot] = drawn(weights[slot: slot].shape, seed: 5)
    }
    let clips = drawn(Shape([24] + model.input.sizes), seed: 6)
    let sources = (0..<24).map { Random(seed: 8).split($0) }
    let tape = Tape(
      weights, Pass(isRecorded: false, randomness: sources, taps: Taps("blocks.0.input")))
    _ = model(tape.constant(clips))
    let x = try #require(tape.tapped.first).value
    func dropped(_ range: Range<Int>) -> Double {
      let values = x.sliced(1, range).elements
      return Double(values.count { $0 == 0 }) / Double(values.count)
    }
    #expect(abs(dropped(0..<2) - 0.5) < 0.07)
    #expect(abs(dropped(2..<x.shape[1]) - (scheme == .space ? 0.5 : 0.75)) < 0.03)
  }
}
