import Autodiff
import ConViT
import Foundation
import Testing

@testable import Locality

@Suite struct QueryAttentionTests {
  private func model() throws -> VisionTransformer {
    var c = ViTConfiguration(.convit, patchSize: 2, embedDim: 8, heads: 4)
    (c.imageHeight, c.imageWidth, c.depth, c.localUpToLayer, c.classes) = (8, 10, 3, 2, 2)
    c.start = .convolutional(strength: 0.5)
    return try VisionTransformer(c)
  }

  /// Rows alone are those of the whole maps.
  @Test func rowsAndRolloutOfAnImage() throws {
    let model = try model()
    let weights = ParameterStore(model, seed: 5)
    let image = Tensor([1, 3, 8, 10], (0..<240).map { Float($0 % 17) / 8 - 1 })
    let maps = AttentionMaps(model, FrozenWeights(weights), image: image)
    let found = QueryAttention(
      model, FrozenWeights(weights), image: image, query: .patch(row: 2, column: 4),
      layers: [0, 2],
      withRollout: true)
    #expect(found.layers.map(\.layer) == [0, 2])
    for layer in found.layers {
      for head in 0..<4 {
        #expect(layer.heads[head] == maps.row(layer: layer.layer, head: head, query: 14))
      }
      let rollout = maps.rollout(query: 14, through: layer.layer)
      let difference = zip(rollout, layer.rollout ?? []).map { abs($0 - $1) }.max() ?? 1
      #expect(difference < 1e-6 && layer.rollout?.count == 20)
    }
    #expect(found.layers[0].gates?.count == 4 && found.layers[1].gates == nil)
    let token = QueryAttention(
      model, FrozenWeights(weights), image: image, query: .classToken, layers: [2])
    #expect(token.layers[0].heads[3] == maps.row(layer: 2, head: 3, query: -1))
    #expect(token.layers[0].rollout == nil)
  }

  /// The start is exp(−α ‖δ − Δ‖²) / Σ with Δ half a patch to each side, figure 3 of the paper.
  @Test func theConvolutionalStart() throws {
    let model = try model()
    let found = QueryAttention(
      positionOf: model, FrozenWeights(ParameterStore(model, seed: 5)),
      query: .patch(row: 2, column: 3),
      layers: [1])
    let centres = [(-0.5, -0.5), (-0.5, 0.5), (0.5, -0.5), (0.5, 0.5)]
    for (head, centre) in centres.enumerated() {
      let weights = (0..<20).map { key in
        let (x, y) = (Double(key % 5 - 3) - centre.0, Double(key / 5 - 2) - centre.1)
        return exp(-0.5 * (x * x + y * y))
      }
      let sum = weights.reduce(0, +)
      for (a, b) in zip(found.layers[0].heads[head], weights) {
        #expect(abs(Double(a) - b / sum) < 1e-6)
      }
      #expect(found.layers[0].positional?[head].x == centre.0)
    }
  }
}
