import Autodiff
import ConViT
import Foundation
import Testing

@testable import Pruning

@Suite struct KeptPartsTests {
  /// Models of every kind that has heads, with weights far from their start.
  enum Kind: String, CaseIterable { case vit, deit, convit, ungated, averaged }

  private static func saved(_ kind: Kind) throws -> SavedModel {
    let isLocal = [.convit, .ungated].contains(kind)
    var c = ViTConfiguration(
      isLocal ? .convit : .vit, imageSize: 8, patchSize: 2, embedDim: 12, heads: 4)
    (c.depth, c.localUpToLayer, c.classes) = (3, isLocal ? 2 : 0, 5)
    c.isDistilled = kind == .deit
    c.isGated = kind != .ungated
    c.qkvBias = kind != .averaged
    if kind == .averaged {
      (c.pooling, c.headDim, c.layerScale) = (.average, 5, 0.3)
      (c.headsByLayer, c.hiddenDimByLayer) = ([4, 2, 3], [7, 20, 11])
    }
    let model = try VisionTransformer(c)
    var weights = ParameterStore(model, seed: 1)
    for (slot, value) in weights.values.enumerated() {
      let noise = Tensor.normal(value.shape, seed: UInt64(slot)).elements
      weights[slot: slot] = Tensor(value.shape, zip(value.elements, noise).map { $0 + 0.3 * $1 })
    }
    return SavedModel(model, weights, classNames: ["a", "b", "c", "d", "e"])
  }

  private static func logits(_ model: any Model, _ weights: ParameterStore) -> Tensor {
    model(Tape(weights, .inference).constant(.normal([4, 3, 8, 8], seed: 5))).value
  }

  /// The small model answers as the masked one, and so does what is read from its file.
  @Test(arguments: Kind.allCases, KeptParts.Kind.allCases)
  func smallerIsMasked(_ kind: Kind, _ removed: KeptParts.Kind) throws {
    let saved = try Self.saved(kind)
    let whole = try saved.transformer
    for scope in PruningRule.Scope.allCases {
      for method in [PruningRule.Method.magnitude, .random] {
        let parts = try KeptParts(
          of: whole, saved.weights, removing: removed, share: 0.5,
          by: PruningRule(method, scope: scope, seed: 3))
        let masks = try parts.masks(of: whole, saved.weights.tree)
        let masked = Self.logits(whole, saved.weights.pruned(by: masks))
        let small = try parts.smaller(saved)
        let difference =
          zip(Self.logits(small.model, small.weights).elements, masked.elements)
          .map { abs($0 - $1) }.max() ?? .nan
        #expect(difference < 1e-5, "\(scope) \(method)")
        let gates = try parts.gateMasks(of: whole, saved.weights.tree)
        let gated = Self.logits(whole, saved.weights.pruned(by: gates))
        #expect(zip(gated.elements, masked.elements).allSatisfy { abs($0 - $1) < 1e-5 })
        #expect(Self.logits(whole, saved.weights) != masked)
        #expect(small.weights.tree.elementCount < saved.weights.tree.elementCount)
        let path = NSTemporaryDirectory() + "small-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try small.write(to: path)
        let read = try SavedModel(contentsOf: path)
        #expect(read.warnings.isEmpty && read.classNames == saved.classNames)
        #expect(
          Self.logits(read.model, read.weights) == Self.logits(small.model, small.weights))
      }
    }
  }

  /// Of the parts that matter least, the derivative along their gates says all. (Along all weights
  /// that go it says twice as much: a unit is in two matrices.)
  @Test(arguments: [(KeptParts.Kind.mlp, 0.05), (.heads, 0.1)])
  func predicted(_ kind: KeptParts.Kind, _ share: Double) throws {
    let saved = try Self.saved(.convit)
    let model = try saved.transformer
    let images = Tensor.normal([8, 3, 8, 8], seed: 5)
    let pool = WorkerPool(threads: 1)
    let scores = try PartScores(
      gatesOf: model, saved.weights, examples: images, labels: [0, 1, 2, 3, 4, 0, 1, 2], on: pool)
    let parts = KeptParts(removing: kind, share: share, .global, by: scores)
    let gap = OutputGap(model, saved.weights, on: images, pool: pool)
    let gates = try parts.gateMasks(of: model, saved.weights.tree)
    let (predicted, measured) = (gap.predicted(gates), gap.measured(gates))
    #expect(abs(predicted / measured - 1) < 0.15, "\(predicted) \(measured)")
  }

  /// What is pruned of the whole is pruned of the small model, and no more.
  @Test(arguments: Kind.allCases) func masksGoAlong(_ kind: Kind) throws {
    var saved = try Self.saved(kind)
    let masks = PruningRule(.random, seed: 2).masks(of: saved.weights, sparsity: 0.3)
    saved.weights.apply(masks)
    saved.masks = masks
    let parts = try KeptParts(of: saved.transformer, saved.weights, removing: .both, share: 0.5)
    let small = try parts.smaller(saved)
    let left = try #require(small.masks)
    #expect(left.layers.map(\.name) == masks.layers.map(\.name))
    for layer in left.layers {
      let slot = try #require(small.weights.tree.slot(named: layer.name))
      let zeros = small.weights.values[slot].elements.map { $0 == 0 ? Float(0) : 1 }
      #expect(left[slot: slot]?.elements == zeros && zeros.contains(0), "\(layer.name)")
    }
  }

  /// The heads and units of the smallest norm go, and one stays.
  @Test func theSmallestGo() throws {
    var saved = try Self.saved(.convit)
    let model = try saved.transformer
    let block = model.blocks[0]
    let attention = try #require(block.attn as? GPSA)
    // Head 2 and units 0 … 9 of the first block become small.
    func scale(
      _ parameter: Parameter, by factor: Float = 0.01, _ isScaled: (Int, Int) -> Bool
    ) {
      let columns = parameter.shape[1]
      saved.weights[parameter] = Tensor(
        parameter.shape,
        saved.weights[parameter].elements.enumerated().map { place, number in
          isScaled(place / columns, place % columns) ? factor * number : number
        })
    }
    scale(attention.qk.weight) { row, _ in row % 12 / 3 == 2 }
    scale(attention.v.weight) { row, _ in row / 3 == 2 }
    scale(attention.proj.weight) { _, column in column / 3 == 2 }
    scale(block.mlp.fc1.weight) { row, _ in row < 10 }
    scale(block.mlp.fc2.weight) { _, column in column < 10 }
    // Unit 20 is small in one of its matrices alone, and so stays.
    scale(block.mlp.fc1.weight, by: 10) { row, _ in row == 20 }
    scale(block.mlp.fc2.weight) { _, column in column == 20 }
    let layer = try KeptParts(of: model, saved.weights, removing: .both, share: 0.25)
    #expect(layer.heads[0] == [0, 1, 3] && layer.heads.map(\.count) == [3, 3, 3])
    #expect(
      Set(0..<10).isDisjoint(with: layer.units[0]) && layer.units.map(\.count) == [36, 36, 36])
    #expect(layer.units[0].contains(20))
    let global = PruningRule(.magnitude, scope: .global)
    let one = try KeptParts(of: model, saved.weights, removing: .heads, share: 1 / 12, by: global)
    #expect(one.heads == [[0, 1, 3], [0, 1, 2, 3], [0, 1, 2, 3]])
    #expect(one.units.allSatisfy { $0.count == 48 })
    let units = try KeptParts(of: model, saved.weights, removing: .mlp, share: 0.5)
    #expect(units.heads.allSatisfy { $0.count == 4 } && units.units.allSatisfy { $0.count == 24 })
    let almost = try KeptParts(
      of: model, saved.weights, removing: .both, share: 0.999, by: global)
    #expect(almost.heads.allSatisfy { $0.count == 1 } && almost.units.allSatisfy { $0.count == 1 })
  }

  /// At random any part may go, and a seed decides.
  @Test func anyMayGo() throws {
    let saved = try Self.saved(.vit)
    let model = try saved.transformer
    func kept(_ seed: Int) throws -> KeptParts {
      try KeptParts(
        of: model, saved.weights, removing: .both, share: 0.25,
        by: PruningRule(.random, seed: UInt64(seed)))
    }
    let all = try (0..<30).map(kept)
    #expect(Set(all.map { Set(0..<4).subtracting($0.heads[0]) }).count == 4)
    #expect(Set(all.map { $0.units[1] }).count == 30)
    #expect(try kept(7) == all[7])
  }

  /// By Taylor: what the loss would change by, of a head whose part of the loss is made to vanish.
  @Test func saliencies() throws {
    let saved = try Self.saved(.vit)
    let model = try saved.transformer
    let images = Tensor.normal([4, 3, 8, 8], seed: 5)
    var rule = PruningRule(.taylor)
    rule.gradients = Gradients(
      ofLoss: model, saved.weights, examples: images, labels: [0, 1, 2, 3])
    let parts = try KeptParts(of: model, saved.weights, removing: .mlp, share: 0.1, by: rule)
    // The units of the last block, by a step of a thousandth towards 0 in their weights.
    let mlp = model.blocks[2].mlp
    func loss(without unit: Int, _ share: Float) -> Double {
      var weights = saved.weights
      for (parameter, isRow) in [(mlp.fc1.weight, true), (mlp.fc2.weight, false)] {
        let columns = parameter.shape[1]
        weights[parameter] = Tensor(
          parameter.shape,
          weights[parameter].elements.enumerated().map { place, number in
            (isRow ? place / columns : place % columns) == unit ? (1 - share) * number : number
          })
      }
      let logits = model(Tape(weights, .inference).constant(images))
      return Double(logits.crossEntropy(labels: [0, 1, 2, 3]).mean().value.item)
    }
    let changes = (0..<48).map { abs(loss(without: $0, 0.01) - loss(without: $0, -0.01)) }
    let gone = Set(0..<48).subtracting(parts.units[2])
    let least = Set((0..<48).sorted { changes[$0] < changes[$1] }.prefix(10))
    #expect(gone.count == 5 && gone.isSubset(of: least), "\(gone) \(least)")
  }

  @Test func anAttentionOfOnesOwn() throws {
    struct Mean: Attention {
      func callAsFunction(_ x: Variable) -> Variable {
        x.mean(-2, keepingAxis: true).broadcast(to: x.shape)
      }
    }
    var model = try Self.saved(.vit).transformer
    model.blocks[1].attn = Mean()
    let weights = ParameterStore(model, seed: 0)
    let error = #expect(throws: ConfigurationError.self) {
      try KeptParts(of: model, weights, removing: .mlp, share: 0.5)
    }
    #expect(error?.description.contains("Mean") == true)
  }

  /// Of parts that matter as much, the first go: of each block, and of all together.
  @Test func ofEqualPartsTheFirstGo() throws {
    var saved = try Self.saved(.vit)
    for slot in saved.weights.values.indices {
      saved.weights[slot: slot] = Tensor(repeating: 1, saved.weights.values[slot].shape)
    }
    func kept(_ scope: PruningRule.Scope) throws -> KeptParts {
      try KeptParts(
        of: saved.transformer, saved.weights, removing: .heads, share: 0.5,
        by: PruningRule(.magnitude, scope: scope))
    }
    #expect(try kept(.layer).heads == [[2, 3], [2, 3], [2, 3]])
    // Six of twelve: one stays in each of the first two blocks.
    #expect(try kept(.global).heads == [[3], [3], [0, 1, 2, 3]])
  }

  /// At random, blocks and kinds of parts are drawn by themselves.
  @Test func drawnByThemselves() throws {
    let saved = try Self.saved(.vit)
    let scores = try PartScores(of: saved.transformer, saved.weights, by: PruningRule(.random))
    let all = scores.heads + scores.units.map { Array($0.prefix(4)) }
    #expect(Set(all).count == 6)
  }

  /// Scores are of matrices: whatever biases, positions and gates are.
  @Test func biasesDoNotCount() throws {
    let saved = try Self.saved(.convit)
    let model = try saved.transformer
    var others = saved.weights
    for (slot, parameter) in others.tree.parameters.enumerated() where parameter.kind != .weight {
      others[slot: slot] = .normal(parameter.shape, seed: 1000 + UInt64(slot))
    }
    let rule = PruningRule(.magnitude)
    #expect(
      try PartScores(of: model, saved.weights, by: rule) == PartScores(of: model, others, by: rule))
  }

  /// Masks are of matrices of the blocks that lose something, and of no others.
  @Test func whatIsMasked() throws {
    let saved = try Self.saved(.convit)
    let model = try saved.transformer
    let parts = try KeptParts(
      of: model, saved.weights, removing: .heads, share: 1 / 12,
      by: PruningRule(.magnitude, scope: .global))
    let place = try #require(parts.heads.firstIndex { $0.count == 3 })
    let names = try parts.masks(of: model, saved.weights.tree).layers.map(\.name)
    let weights = place < 2 ? ["qk", "v", "proj"] : ["qkv", "proj"]
    #expect(names == weights.map { "blocks.\(place).attn.\($0).weight" })
  }

  /// What is known of a model beside its weights stays known; its name, where it still is that one.
  @Test func whatElseIsKnown() throws {
    var saved = try Self.saved(.vit)
    saved = SavedModel(
      try saved.transformer, saved.weights, name: "some", normalization: .imageNet)
    (saved.cropRatio, saved.interpolation) = (0.9, .bilinear)
    for (share, name) in [(0, "some"), (0.5, nil)] as [(Double, String?)] {
      let parts = try KeptParts(of: saved.transformer, saved.weights, removing: .both, share: share)
      let small = try parts.smaller(saved)
      #expect(small.name == name && small.normalization == .imageNet)
      #expect(small.cropRatio == 0.9 && small.interpolation == saved.interpolation)
    }
  }
}
