import Autodiff
import ConViT
import Probing
import Testing

/// Edges of attention that are cut, against single tokens knocked out one after the other
/// (InterventionTests of ConViT holds those against timm).
@Suite struct KnockoutTests {
  /// Patches of a grid of 2 × 2, with the tokens in front: queries and the keys they lose.
  private func lost(_ edges: AttentionEdges, tokens: Int) -> [(query: Int, keys: [Int])] {
    let patches = Array(tokens..<tokens + 4)
    let diagonal = [3, 2, 1, 0].map { $0 + tokens }  // √2 away, the others 1
    switch edges {
    case .own: return patches.map { ($0, [$0]) }
    case .near(1):
      return zip(patches, diagonal).map { a, b in (a, patches.filter { $0 != a && $0 != b }) }
    case .near: return patches.map { a in (a, patches.filter { $0 != a }) }
    case .far(1): return zip(patches, diagonal).map { ($0, [$1]) }
    case .far: return []
    case .fromTokens: return (0..<tokens).map { ($0, patches) }
    case .toTokens: return patches.map { ($0, Array(0..<tokens)) }
    }
  }

  private func byHand(
    _ subject: Subject, _ edges: AttentionEdges, layer: Int, heads: [Int]?
  ) -> Edits? {
    let tokens = subject.model.configuration.tokens(inLayer: layer)
    return lost(edges, tokens: tokens).filter { !$0.keys.isEmpty }.map {
      subject.model.knockingOut(keys: $0.keys, from: [$0.query], heads: heads, inLayer: layer)
    }.reduce(nil) { sum, edits in sum.map { $0 + edits } ?? edits }
  }

  @Test(
    arguments: [ViTConfiguration.Family.vit, .convit],
    [.own, .near(1), .near(2), .far(1), .far(2), .fromTokens, .toTokens] as [AttentionEdges])
  func edgesAreCut(_ family: ViTConfiguration.Family, _ edges: AttentionEdges) throws {
    let subject = try Subject(family)
    let found = Intervention.knockouts(of: subject.model, edges)
    var all: Edits?
    var names: [String] = []
    let plain = subject.logits(subject.weights)
    for layer in 0..<2 {
      guard let edits = byHand(subject, edges, layer: layer, heads: nil) else { continue }
      names.append("blocks.\(layer).attn")
      let intervention = try #require(found.first { $0.name == names.last })
      let logits = subject.logits(intervention.edits)
      #expect(logits.isClose(to: subject.logits(edits)), "\(layer)")
      // The head reads the class token, so what patches see in the last block has no effect.
      #expect(logits.isClose(to: plain) == (layer == 1 && edges != .fromTokens), "\(layer)")
      all = all.map { $0 + edits } ?? edits
    }
    #expect(found.map(\.name) == (names.isEmpty ? [] : names + ["all blocks"]))
    if let all { #expect(subject.logits(found.last!.edits).isClose(to: subject.logits(all))) }
  }

  @Test func headsByThemselves() throws {
    let subject = try Subject(.vit)
    let found = Intervention.knockouts(of: subject.model, .far(1), byHead: true)
    #expect(found.count == 5 && found[1].name == "blocks.0.attn.head.1")
    let edits = try #require(byHand(subject, .far(1), layer: 0, heads: [1]))
    #expect(subject.logits(found[1].edits).isClose(to: subject.logits(edits)))
    let effects = subject.effects(of: found)
    let losses = Tape(.inference).constant(subject.logits(edits))
      .crossEntropy(labels: subject.labels).value.elements
    #expect(abs((effects.lines[1].loss ?? .nan) - Double(losses.reduce(0, +)) / 6) < 1e-5)
  }

  /// A token that can look at nothing sees nothing, instead of 0 / 0.
  @Test func nothingLeft() throws {
    let subject = try Subject(.convit)
    let blind = subject.model.knockingOut(inLayer: 0) { _, _ in true }
    let silent = Edits(at: "blocks.0.attn.heads") { 0 * $0 }
    #expect(subject.logits(blind).isClose(to: subject.logits(silent)))
  }

  /// Models of clips are changed at the same places.
  @Test func clips() throws {
    var image = ViTConfiguration(.vit, imageSize: 8, patchSize: 4, embedDim: 16, heads: 2)
    (image.channels, image.classes, image.depth) = (1, 5, 2)
    let model = try TimeSformer(TimeSformerConfiguration(image, frames: 2))
    let weights = ParameterStore.moved(model)
    var random = Random(seed: 3)
    let clips = Tensor([2, 2, 1, 8, 8], (0..<256).map { _ in Float(random.uniform(-2, 2)) })
    // The second head's columns of the projection, which are 8 to 15, set to zero.
    for attention in ["temporal_attn", "attn"] {
      let place = "blocks.1.\(attention)"
      let isSecond = Tensor([16], (0..<16).map { $0 < 8 ? 0 : 1 })
      let edits = Edits(at: "\(place).heads") { seen in
        .select(isSecond, 0 * seen, else: seen)
      }
      var without = weights
      let old = weights["\(place).proj.weight"]!
      let slot = weights.tree.names.firstIndex(of: "\(place).proj.weight")!
      without[weights.tree.parameters[slot]] = Tensor(
        old.shape, old.elements.enumerated().map { $0 % 16 < 8 ? $1 : 0 })
      let changed = model(Tape(weights, Pass(isRecorded: false, edits: edits)).constant(clips))
      #expect(
        changed.value.isClose(to: model(Tape(without, .inference).constant(clips)).value),
        "\(attention)")
      #expect(!changed.value.isClose(to: model(Tape(weights, .inference).constant(clips)).value))
      var effects = InterventionEffects(
        of: model, FrozenWeights(weights), [Intervention(place, edits)])
      effects.add(clips, labels: [0, 1], on: WorkerPool(threads: 2))
      #expect(effects.whole.images == 2 && effects.lines[0].loss != effects.whole.meanLoss)
    }
  }
}
