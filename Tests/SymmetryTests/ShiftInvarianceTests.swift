import Autodiff
import ConViT
import Testing

@testable import Symmetry

/// Without a position embedding, self-attention does not know where patches are: with mean pooling,
/// a vision transformer is invariant to cyclic shifts by the patch, and its layers commute with
/// them.
@Suite struct ShiftInvarianceTests {
  private let images: Tensor

  init() {
    var random = Random(seed: 8)
    images = Tensor([4, 2, 16, 16], (0..<2048).map { _ in Float(random.normal()) })
  }

  private func make(
    _ change: (inout ViTConfiguration) -> Void
  ) throws -> (model: VisionTransformer, weights: FrozenWeights) {
    var c = ViTConfiguration(.vit, imageSize: 16, patchSize: 4, embedDim: 16, heads: 4)
    (c.depth, c.classes, c.channels, c.usePosEmbed, c.pooling) = (3, 5, 2, false, .average)
    change(&c)
    let model = try VisionTransformer(c)
    var store = ParameterStore(model, seed: 3)
    var random = Random(seed: 5)
    store.addNoise(0.2, &random)
    return (model, FrozenWeights(store))
  }

  /// The largest error of a layer and of its update.
  private func errors(
    _ model: VisionTransformer, _ weights: FrozenWeights, _ symmetry: ImageSymmetry
  ) throws -> [Double] {
    let layers = try LayerSymmetry(model, weights, symmetry)
    var sums = layers.start
    layers.add(images, to: &sums, on: WorkerPool(threads: 2))
    return layers.layers(sums).flatMap { [$0.error, $0.ownError] }
  }

  /// The farthest that a logit goes, by the largest logit.
  private func change(
    _ model: VisionTransformer, _ weights: FrozenWeights, _ symmetry: ImageSymmetry
  ) throws -> Float {
    func logits(_ images: Tensor) -> [Float] {
      model(Tape(weights).constant(images)).value.elements
    }
    let here = logits(images)
    let size = here.map(abs).max() ?? 0
    return try symmetry.places(height: 16, width: 16).map { places in
      let moved = Tape().constant(images).movingPixels(places).value
      return (zip(logits(moved), here).map { abs($0 - $1) }.max() ?? .infinity) / size
    }.max() ?? .infinity
  }

  @Test func exactWithoutPositions() throws {
    let (model, weights) = try make { _ in }
    #expect(try errors(model, weights, .shifts(4)).allSatisfy { $0 < 1e-6 })
    #expect(try change(model, weights, .shifts(4)) < 1e-6)
    #expect(try change(model, weights, .shifts(2)) < 1e-6)
    // By half a patch it is not.
    #expect(try change(model, weights, .shifts(8)) > 1e-3)
  }

  /// Register tokens stay where they are.
  @Test func exactWithRegisters() throws {
    let (model, weights) = try make { ($0.registers, $0.depth) = (2, 2) }
    #expect(try errors(model, weights, .shifts(4)).allSatisfy { $0 < 1e-6 })
    #expect(try change(model, weights, .shifts(4)) < 1e-6)
  }

  /// A position embedding, or positions in the attention, break it.
  @Test func notWithPositions() throws {
    let (embedded, embeddedWeights) = try make { $0.usePosEmbed = true }
    #expect(try errors(embedded, embeddedWeights, .shifts(4))[0] > 1e-3)
    #expect(try change(embedded, embeddedWeights, .shifts(4)) > 1e-3)
    let (gated, gatedWeights) = try make {
      ($0.family, $0.localUpToLayer, $0.qkvBias) = (.convit, 2, false)
    }
    let errors = try errors(gated, gatedWeights, .shifts(4))
    #expect(errors[1] > 1e-3 && errors[3] > 1e-3 && errors[5] < 1e-6)
  }
}
