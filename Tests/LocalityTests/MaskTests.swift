import Autodiff
import ConViT
import Locality
import Testing

/// Models that are kept from using something.
@Suite struct MaskTests {
  private let model: VisionTransformer
  private let weights: ParameterStore

  init() throws {
    var c = ViTConfiguration(.convit, patchSize: 2, embedDim: 16, heads: 4)
    (c.imageHeight, c.imageWidth, c.depth, c.localUpToLayer, c.classes) = (28, 28, 3, 2, 2)
    model = try VisionTransformer(c)
    var weights = ParameterStore(model, seed: 1)
    for layer in 0..<2 {  // content looks everywhere alike
      let slot = try #require(weights.tree.slot(named: "blocks.\(layer).attn.qk.weight"))
      weights[slot: slot] = Tensor(repeating: 0, weights[slot: slot].shape)
    }
    self.weights = weights
  }

  private func nonlocality(_ mask: TestMask) throws -> [Double] {
    let images = Tensor([2, 3, 28, 28], (0..<6 * 28 * 28).map { Float($0 % 11) / 5 - 1 })
    let meter = LocalityMeter(model, FrozenWeights(try model.masked(weights, by: mask)))
    var statistics = meter.emptyStatistics
    meter.add(images, to: &statistics, on: WorkerPool(threads: 1))
    return meter.report(statistics).layers.prefix(2).map(\.meanNonlocality)
  }

  /// REFERENCE's closed forms: position alone 0.9860, content alone 7.2808, σ(1) of both 2.6789.
  @Test func gatesLetOneThrough() throws {
    func isNear(_ values: [Double], _ expected: [Double]) -> Bool {
      zip(values, expected).allSatisfy { abs($0 - $1) < 5e-5 }
    }
    #expect(try isNear(try nonlocality(TestMask()), [2.6789, 2.6789]))
    #expect(try isNear(try nonlocality(TestMask(contentLayers: 1)), [0.9860, 2.6789]))
    #expect(try isNear(try nonlocality(TestMask(contentLayers: 2)), [0.9860, 0.9860]))
    #expect(try isNear(try nonlocality(TestMask(positionLayers: 2)), [7.2808, 7.2808]))
  }

  @Test func thePositionEmbeddingIsLeftOut() throws {
    let masked = try model.masked(weights, by: TestMask(posEmbed: true))
    let embedding = try #require(model.posEmbed)
    #expect(masked[embedding].elements.allSatisfy { $0 == 0 })
    #expect(zip(masked.values, weights.values).count { $0 != $1 } == 1)
  }

  @Test func whatIsNotThereCannotBeMasked() throws {
    func fault(_ model: VisionTransformer, _ mask: TestMask) -> String {
      let weights = ParameterStore(model, seed: 0)
      do { _ = try model.masked(weights, by: mask) } catch { return error.message }
      return "nothing thrown"
    }
    #expect(
      fault(model, TestMask(contentLayers: 3))
        == "cannot mask the content in 3 layers: the model has 2 with gates")
    #expect(fault(model, TestMask(positionLayers: -1)).contains("in -1 layers"))
    #expect(
      fault(model, TestMask(contentLayers: 1, positionLayers: 1)).contains("cannot both be masked"))
    var c = model.configuration
    (c.isGated, c.usePosEmbed) = (false, false)
    let other = try VisionTransformer(c)
    #expect(fault(other, TestMask(contentLayers: 1)).contains("has 0 with gates"))
    #expect(fault(other, TestMask(posEmbed: true)).contains("no position embedding"))
    #expect(fault(other, TestMask()) == "nothing thrown")
  }
}
