import Autodiff
import ConViT
import Foundation
import Testing

/// What a dry run counts, against formulas for vision transformers, and by hand for other models.
struct CostsTests {
  /// One image's prediction, as the formula gave it that was in the package before.
  static let multiplyAdds = [
    ("convit_tiny", 1_247_750_400), ("convit_tiny_plus", 2_126_482_432),
    ("convit_small", 5_736_191_040), ("convit_small_plus", 9_991_256_832),
    ("convit_base", 17_487_012_864), ("convit_base_plus", 30_721_060_864),
    ("deit_tiny_patch16_224", 1_253_683_200),
    ("deit_tiny_distilled_patch16_224", 1_261_003_776),
    ("deit_small_patch16_224", 4_598_882_304),
    ("deit_small_distilled_patch16_224", 4_624_140_288),
    ("deit_base_patch16_224", 17_563_828_224),
    ("deit_base_distilled_patch16_224", 17_656_811_520),
  ]

  static let presets = Preset.all.map(\.name).filter {
    $0.hasPrefix("convit_") || ($0.hasPrefix("deit_") && $0.hasSuffix("_224"))
  }

  @Test func multiplyAddsAreThoseOfPapers() throws {
    #expect(Self.multiplyAdds.map(\.0) == Self.presets)
    for (name, count) in Self.multiplyAdds {
      let model = try VisionTransformer(.preset(of: name))
      #expect(model.multiplyAdds == count, "\(name)")
      #expect(model.costs().multiplyAdds < count, "\(name): the last block reads tokens alone")
      #expect(model.costs().parameters == ParameterTree(model).elementCount)
    }
  }

  /// What models keep from pass to pass, such as the offsets of patches, is no cost of the pass
  /// that happens to make it.
  @Test func costsDoNotDependOnThoseBefore() throws {
    let models = try [224, 448, 160].map { side in
      var configuration = try ViTConfiguration.preset(of: "convit_tiny")
      (configuration.imageHeight, configuration.imageWidth) = (side, side)
      return try VisionTransformer(configuration)
    }
    func bytes() -> [[Int]] {
      models.map { model in
        [Pass.inference, Pass()].flatMap { pass in
          let costs = model.costs(pass)
          return [costs.passBytes, costs.sharedBytes, costs.gradientBytes]
        }
      }
    }
    let first = bytes()
    #expect(first.allSatisfy { $0.allSatisfy { $0 >= 0 } })
    for _ in 0..<3 { #expect(bytes() == first) }
  }

  /// The products of a shard of the presets, each as often as it is made.
  @Test(arguments: presets) func productsAreThoseOfAShard(name: String) throws {
    for isRecorded in [false, true] {
      let configuration = try ViTConfiguration.preset(of: name)
      let costs = try VisionTransformer(configuration).costs(
        examples: 4, Pass(isRecorded: isRecorded), isWhole: true)
      #expect(costs.products == products(configuration, images: 4, isTraining: isRecorded))
    }
  }

  /// The formula that was in the package before. It had no heads, and a derivative by the images,
  /// which nobody computes.
  private func products(
    _ c: ViTConfiguration, images: Int, isTraining: Bool
  ) -> [MatrixProduct: Int] {
    var counts: [MatrixProduct: Int] = [:]
    func add(_ rows: Int, _ outputs: Int, _ inputs: Int, isByInput: Bool = true) {
      counts[MatrixProduct(rows, outputs, inputs, second: true), default: 0] += 1
      guard isTraining else { return }
      if isByInput { counts[MatrixProduct(rows, inputs, outputs), default: 0] += 1 }
      counts[MatrixProduct(outputs, inputs, rows, first: true), default: 0] += 1
    }
    let width = c.embedDim / c.heads
    add(
      images * c.grid.count, c.embedDim, c.channels * c.patchSize * c.patchSize, isByInput: false)
    for layer in 0..<c.depth {
      let n = c.grid.count + c.tokens(inLayer: layer)
      if layer < c.localUpToLayer {
        add(images * n, 2 * c.embedDim, c.embedDim)
        add(images * n, c.embedDim, c.embedDim)
      } else {
        add(images * n, 3 * c.embedDim, c.embedDim)
      }
      add(images * n, c.embedDim, c.embedDim)
      add(images * n, 4 * c.embedDim, c.embedDim)
      add(images * n, c.embedDim, 4 * c.embedDim)
      let heads = images * c.heads
      counts[MatrixProduct(n, n, width, second: true), default: 0] += heads * (isTraining ? 3 : 1)
      counts[MatrixProduct(n, width, n), default: 0] += heads * (isTraining ? 2 : 1)
      if isTraining { counts[MatrixProduct(n, width, n, first: true), default: 0] += 2 * heads }
    }
    for _ in 0..<c.tokens { add(images, c.classes, c.embedDim) }
    return counts
  }

  private struct TwoLayers: Model {
    let input: Shape = [4]
    let fc1 = Linear(4, 5)
    let fc2 = Linear(5, 3, kind: .head)
    func callAsFunction(_ x: Variable) -> Variable { fc2(fc1(x).gelu()) }
  }

  @Test func anOwnModel() {
    let model = TwoLayers()
    let costs = model.costs(examples: 2, Pass())
    #expect(costs.parameters == 43 && model.multiplyAdds == 35)
    #expect(
      costs.products == [
        MatrixProduct(2, 5, 4, second: true): 1, MatrixProduct(5, 4, 2, first: true): 1,
        MatrixProduct(2, 3, 5, second: true): 1, MatrixProduct(3, 5, 2, first: true): 1,
        MatrixProduct(2, 5, 3): 1,
      ])
    #expect(costs.gradientBytes == 4 * 43 + 4 * 64 && costs.sharedBytes == 0)
    let frozen = model.costs(examples: 2, Pass(frozen: .named("fc1.*")))
    #expect(frozen.gradientBytes == 4 * 18 + 2 * 64 && frozen.products.count == 3)

    #expect(
      costs.operators.map(\.name) == [
        "fc1.weight", "fc1.bias", "linear", "gelu", "fc2.weight", "fc2.bias", "linear",
      ])
    #expect(costs.operators.map(\.inputs) == [[], [], [nil, 0, 1], [2], [], [], [3, 4, 5]])
    #expect(costs.operators.map(\.output) == Array(0...6))
    #expect(costs.operators.map(\.multiplyAdds) == [0, 0, 40, 0, 0, 0, 30])
    #expect(costs.operators.last?.shape == [2, 3])
  }

  @Test func recomputationMakesProductsAgainForLessMemory() throws {
    let model = try VisionTransformer(.preset(of: "convit_tiny"))
    let plain = model.costs(examples: 4, Pass())
    let recomputed = model.costs(examples: 4, Pass(recomputesBlocks: true))
    let forward = model.costs(examples: 4)
    #expect(recomputed.passBytes < plain.passBytes / 2)
    // All but the embedding and the head are made once more.
    let outside = 4 * (196 * 192 * 768 + 192 * 1000)
    #expect(recomputed.multiplyAdds == plain.multiplyAdds + forward.multiplyAdds - outside)
    #expect(recomputed.gradientBytes == plain.gradientBytes)
    // A map of ten layers, of which each lane sums derivatives.
    let maps = 10 * 4 * 4 * 196 * 196
    #expect((1..<1.2).contains(Double(plain.sharedBytes) / Double(maps)))
    let sums = 4 * plain.parameters + maps
    #expect((1..<1.1).contains(Double(plain.gradientBytes) / Double(sums - 10 * 4 * 16)))
    #expect(forward.gradientBytes == 0 && forward.passBytes < plain.passBytes / 10)
  }

  /// The offsets between patches, which are kept from pass to pass, must not be a dry run's, in
  /// which nothing is computed.
  @Test func passesAfterwardsComputeAsBefore() throws {
    var c = ViTConfiguration(.convit, imageSize: 20, patchSize: 4, embedDim: 8, heads: 2)
    (c.imageWidth, c.depth, c.localUpToLayer, c.classes) = (28, 3, 2, 3)
    let model = try VisionTransformer(c)
    _ = model.costs(examples: 2, Pass())
    #expect(!Costs.isCounting)
    let attention = try #require(model.blocks[0].attn as? GPSA)
    let tape = Tape(ParameterStore(model, seed: 1))
    let offsets = tape.constant(c.grid.offsets().reshaped([35 * 35, 3]))
    let scores = tape[attention.posProj.weight].matmul(offsets, transposingOther: true)
    #expect(attention.position(tape).value == scores.reshaped([2, 35, 35]).softmax().value)
  }

  /// Nothing is written: the costs of what no machine has memory for.
  @Test func aModelLargerThanTheMachine() throws {
    var c = ViTConfiguration(.vit, imageSize: 4096, patchSize: 32, embedDim: 16_384, heads: 16)
    c.depth = 24
    let costs = try VisionTransformer(c).costs(Pass())
    #expect(4 * costs.parameters > 300_000_000_000 && costs.passBytes > 100_000_000_000)
  }
}
