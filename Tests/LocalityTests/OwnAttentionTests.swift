import Autodiff
import ConViT
import Foundation
import Locality
import Testing

/// Where heads look in models with an attention of one's own.
@Suite struct OwnAttentionTests {
  /// Every token is its neighbour.
  struct Shift: Attention {
    func callAsFunction(_ x: Variable) -> Variable {
      x.gathered(-2, (0..<x.shape[-2]).map { ($0 + 1) % x.shape[-2] })
    }
  }

  /// The same with something to look at: two heads that both look at the neighbour.
  struct SeenShift: Attention {
    var heads: Int { 2 }
    func callAsFunction(_ x: Variable) -> Variable { Shift()(x) }
    func attentionWeights(_ x: Variable) -> Variable? {
      let (batch, n) = (x.shape[0], x.shape[-2])
      let places = 0..<batch * 2 * n * n
      return x.tape.constant(
        Tensor([batch, 2, n, n], places.map { ($0 / n % n + 1) % n == $0 % n ? 1 : 0 }))
    }
  }

  private func report(_ attention: any Attention) throws -> LocalityReport {
    var c = ViTConfiguration(.convit, imageSize: 8, patchSize: 2, embedDim: 8, heads: 2)
    (c.depth, c.localUpToLayer, c.classes) = (3, 2, 2)
    var model = try VisionTransformer(c)
    model.blocks[0].attn = attention
    let meter = LocalityMeter(model, FrozenWeights(ParameterStore(model, seed: 1)))
    let images = Tensor([2, 3, 8, 8], (0..<384).map { Float($0 % 11) / 5 - 1 })
    var statistics = meter.emptyStatistics
    meter.add(images, to: &statistics, on: WorkerPool(threads: 1))
    #expect(statistics.images == 2)
    return meter.report(statistics).adding(reference: meter.referenceNonlocality(images))
  }

  /// Of a model of clips it is left out of its layer, beside the attention in time.
  @Test func inAModelOfClips() throws {
    var c = ViTConfiguration(.vit, imageSize: 8, patchSize: 4, embedDim: 8, heads: 2)
    (c.depth, c.classes) = (2, 2)
    var model = try TimeSformer(TimeSformerConfiguration(c, frames: 2))
    model.blocks[0].attn = Shift()
    let meter = ClipLocalityMeter(model, FrozenWeights(ParameterStore(model, seed: 1)))
    let clips = Tensor([1, 2, 3, 8, 8], (0..<384).map { Float($0 % 11) / 5 - 1 })
    var statistics = meter.emptyStatistics
    meter.add(clips, to: &statistics, on: WorkerPool(threads: 1))
    let reaches = meter.report(statistics).layers.map { $0.steps.map(\.reach) }
    #expect(reaches == [["time"], ["time", "frame"]])
  }

  @Test func withoutWeightsItIsLeftOut() throws {
    let report = try report(Shift())
    #expect(report.layers.map(\.layer) == [1, 2])
    #expect(report.layers.map(\.kind) == [.gpsa, .mhsa])
    #expect(report.layers.allSatisfy { $0.referenceNonlocality?.count == 2 })
    #expect(report.images == 2)
  }

  /// 4 × 4 patches: 12 of 16 neighbours are one patch away, three start the next row, and the last
  /// is the first.
  @Test func withWeightsItIsReported() throws {
    let report = try report(SeenShift())
    #expect(report.layers.map(\.kind.rawValue) == ["SeenShift", "gpsa", "mhsa"])
    let row = 10.0.squareRoot()  // 3 to the left and 1 down
    let expected = (12 + 3 * row + 18.0.squareRoot()) / 16
    for value in report.layers[0].nonlocality { #expect(abs(value - expected) < 1e-5) }
    #expect(report.layers[0].gate == nil && report.layers[1].gate?.count == 2)
    let data = try JSONEncoder().encode(report)
    #expect(String(decoding: data, as: UTF8.self).contains("\"kind\":\"SeenShift\""))
    #expect(
      try JSONDecoder().decode(LocalityReport.self, from: data).layers[0].kind.rawValue
        == "SeenShift")
  }
}
