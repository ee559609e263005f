import Autodiff
import ConViT
import Testing

@testable import Pruning

@Suite struct PruningRuleTests {
  private struct Two: Model {
    let input: Shape = [3]
    let fc1 = Linear(3, 5, bias: true)
    let fc2 = Linear(5, 4)
    let head = Linear(4, 2, kind: .head)
    func callAsFunction(_ x: Variable) -> Variable { head(fc2(fc1(x).gelu())) }
  }

  private let model = Two()
  private let weights: ParameterStore

  init() { weights = ParameterStore(model, seed: 3) }

  private func removed(_ masks: ParameterMasks, _ name: String) throws -> Set<Int> {
    let slot = try #require(masks.tree.slot(named: name))
    return Set((masks[slot: slot]?.elements ?? []).enumerated().filter { $1 == 0 }.map(\.0))
  }

  /// The smallest by a sort, of the whole or of each layer, at every count that there is.
  @Test func theSmallestGo() throws {
    let names = ["fc1.weight", "fc2.weight"]
    let sizes = try names.map { try #require(weights[$0]).elements.map(abs) }
    func smallest(_ count: Int, _ sizes: [Float]) -> Set<Int> {
      Set(sizes.indices.sorted { (sizes[$0], $0) < (sizes[$1], $1) }.prefix(count))
    }
    for count in 0...15 {
      let masks = PruningRule(.magnitude).masks(of: weights, sparsity: Double(count) / 15)
      #expect(try removed(masks, names[0]) == smallest(count, sizes[0]))
      #expect(masks.layers.map(\.name) == names)
    }
    for count in 0...35 {
      let masks = PruningRule(.magnitude, scope: .global)
        .masks(of: weights, sparsity: Double(count) / 35)
      let (first, second) = (try removed(masks, names[0]), try removed(masks, names[1]))
      #expect(first.union(second.map { $0 + 15 }) == smallest(count, sizes[0] + sizes[1]))
    }
  }

  @Test func ofEqualOnesTheFirstGo() throws {
    var weights = weights
    weights[slot: 0] = Tensor([5, 3], [1, -1, 2, 1, -1, 1, 2, -1, 1, 0, -0.0, 1, 1, 1, 1])
    let masks = PruningRule(.magnitude).masks(of: weights, sparsity: 5 / 15)
    #expect(try removed(masks, "fc1.weight") == [9, 10, 0, 1, 3])
  }

  /// round(p · D), for every method and scope.
  @Test(arguments: PruningRule.Method.allCases, PruningRule.Scope.allCases)
  func counts(_ method: PruningRule.Method, _ scope: PruningRule.Scope) {
    for sparsity in [0, 0.01, 0.1, 0.5, 1.0 / 3, 0.77, 0.99, 1] {
      var rule = PruningRule(method, scope: scope)
      rule.gradients = Gradients(
        ofLoss: model, weights, examples: .normal([4, 3], seed: 1), labels: [0, 1, 1, 0])
      let layers = rule.masks(of: weights, sparsity: sparsity).layers
      let gone = layers.map { $0.count - $0.kept }
      switch scope {
      case .layer: #expect(gone == [15, 20].map { Int((sparsity * $0).rounded()) })
      case .global: #expect(gone.reduce(0, +) == Int((sparsity * 35).rounded()))
      }
    }
  }

  /// Each weight is as likely as every other, and a seed decides.
  @Test func randomOnesGo() throws {
    var counts = Array(repeating: 0, count: 15)
    for seed in 0..<2000 {
      let rule = PruningRule(.random, seed: UInt64(seed))
      for place in try removed(rule.masks(of: weights, sparsity: 0.4), "fc1.weight") {
        counts[place] += 1
      }
    }
    // 2000 draws of probability 0.4: a deviation of 22.
    #expect(counts.allSatisfy { abs($0 - 800) < 90 }, "\(counts)")
    let (a, b) = (PruningRule(.random, seed: 1), PruningRule(.random, seed: 2))
    #expect(a.masks(of: weights, sparsity: 0.4).jaccard(a.masks(of: weights, sparsity: 0.4)) == 1)
    #expect(a.masks(of: weights, sparsity: 0.4).jaccard(b.masks(of: weights, sparsity: 0.4)) < 1)
  }

  /// Layers are drawn by themselves: not the same places in two of one shape.
  @Test func randomLayersDiffer() throws {
    let rule = PruningRule(.random)
    let slots = try ["fc1.weight", "fc2.weight"].map {
      try #require(weights.tree.slot(named: $0))
    }
    let keys = slots.map { rule.keys(of: weights, slot: $0).prefix(15) }
    #expect(keys[0] != keys[1] && Set(keys[0]).count == 15)
  }

  /// What stays in any case, of a whole model.
  @Test func whatMayGo() throws {
    var configuration = ViTConfiguration(.convit, imageSize: 8, patchSize: 4, embedDim: 8, heads: 4)
    (configuration.depth, configuration.localUpToLayer) = (2, 1)
    let tree = ParameterTree(try VisionTransformer(configuration))
    func names(_ selection: ParameterSelection) -> [String] {
      selection.slots(in: tree).map { tree.names[$0] }
    }
    let inside = [
      "blocks.0.attn.qk.weight", "blocks.0.attn.v.weight", "blocks.0.attn.proj.weight",
      "blocks.0.mlp.fc1.weight", "blocks.0.mlp.fc2.weight", "blocks.1.attn.qkv.weight",
      "blocks.1.attn.proj.weight", "blocks.1.mlp.fc1.weight", "blocks.1.mlp.fc2.weight",
    ]
    #expect(names(.prunable()) == inside)
    #expect(
      names(.prunable(patchEmbedding: true, head: true))
        == ["patch_embed.proj.weight"] + inside + ["head.weight"])
  }

  /// GPSA's trap is told where all layers are ranked together, and not of a model that has learnt.
  @Test func theTrap() throws {
    var configuration = ViTConfiguration(.convit, imageSize: 8, patchSize: 4, embedDim: 8, heads: 4)
    (configuration.depth, configuration.localUpToLayer) = (3, 2)
    var weights = ParameterStore(try VisionTransformer(configuration), seed: 0)
    let rule = PruningRule(.magnitude, scope: .global)
    let warning = try #require(rule.warning(for: weights))
    #expect(warning.hasPrefix("blocks.0.attn.v.weight and 1 more are close to the identity"))
    // As it says: at the start, all of them but the diagonal go first.
    let gone =
      2.0 * 56 / Double(rule.masks(of: weights, sparsity: 0).layers.reduce(0) { $0 + $1.count })
    for layer in rule.masks(of: weights, sparsity: gone).layers {
      #expect(layer.kept == (layer.name.hasSuffix("attn.v.weight") ? 8 : layer.count))
    }
    // Of each layer, its zeros go first, too, and as they are equal those of the first rows.
    let slot = try #require(weights.tree.slot(named: "blocks.0.attn.v.weight"))
    let layered = try #require(
      PruningRule(.magnitude).masks(of: weights, sparsity: 0.5)[slot: slot])
    #expect((0..<32).allSatisfy { layered[$0 / 8, $0 % 8] == ($0 / 8 == $0 % 8 ? 1 : 0) })
    #expect(PruningRule(.magnitude).warning(for: weights) == warning)
    #expect(PruningRule(.taylor, scope: .global).warning(for: weights) == warning)
    #expect(PruningRule(.random, scope: .global).warning(for: weights) == nil)
    // After a short training these weights are the smallest of the model still, but not equal.
    for slot in weights.values.indices where weights.tree.names[slot].hasSuffix("attn.v.weight") {
      weights[slot: slot] = weights.values[slot] + 0.001 * .normal([8, 8], seed: 2)
    }
    #expect(rule.warning(for: weights) == warning)
    #expect(PruningRule(.magnitude).warning(for: weights) == nil)
    for slot in weights.values.indices {
      weights[slot: slot] = .normal(weights.values[slot].shape, seed: 1)
    }
    #expect(rule.warning(for: weights) == nil)
  }
}
