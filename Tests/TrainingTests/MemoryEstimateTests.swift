import Autodiff
import ConViT
import Testing
import Training

/// The estimate against what `convit bench --steps 2` measured (peak resident memory of the
/// process, two threads, 2026-11-24), which has about 20 MB of program and libraries in it.
@Suite struct MemoryEstimateTests {
  static let measured:
    [(model: String, side: Int, batch: Int, recompute: Bool, megabytes: Double)] = [
      ("convit_tiny", 224, 32, false, 489), ("convit_small", 224, 16, false, 1409),
      ("convit_base", 384, 8, false, 3583), ("convit_base", 384, 8, true, 3053),
    ]

  @Test(arguments: measured)
  func isWithinATenth(
    _ run: (model: String, side: Int, batch: Int, recompute: Bool, megabytes: Double)
  ) throws {
    var model = try ViTConfiguration.preset(of: run.model)
    (model.imageHeight, model.imageWidth) = (run.side, run.side)
    let estimate = MemoryEstimate(
      model, parameterCount: ParameterTree(try VisionTransformer(model)).elementCount,
      batchSize: run.batch, shards: Shards(for: try VisionTransformer(model), batchSize: run.batch),
      threads: 2,
      recomputesBlocks: run.recompute, batchesInFlight: 1)
    #expect(abs(Double(estimate.total) / 1e6 / run.megabytes - 1) < 0.1, "\(estimate.description)")
  }
}
