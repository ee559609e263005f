import Autodiff
import ConViT
import Recipes
import Testing
import Training

/// The estimate against what `convit bench --steps 5` measured (peak resident memory of the
/// process, two threads, 2026-11-28; base with two steps), which has about 20 MB of program and
/// libraries in it.
@Suite struct MemoryEstimateTests {
  static let measured:
    [(model: String, side: Int, batch: Int, recompute: Bool, isGated: Bool, megabytes: Double)] = [
      ("convit_tiny", 224, 32, false, true, 470), ("convit_small", 224, 16, false, true, 1307),
      ("convit_base", 384, 8, false, true, 3241), ("convit_base", 384, 8, true, true, 2711),
      ("convit_tiny", 224, 32, false, false, 470),
      ("deit_small_distilled_patch16_224", 224, 16, false, true, 1083),
    ]

  @Test(arguments: measured)
  func isWithinATenth(
    _ run: (
      model: String, side: Int, batch: Int, recompute: Bool, isGated: Bool, megabytes: Double
    )
  ) throws {
    var configuration = try ViTConfiguration.preset(of: run.model)
    (configuration.imageHeight, configuration.imageWidth) = (run.side, run.side)
    configuration.isGated = run.isGated
    let model = try VisionTransformer(configuration)
    let estimate = MemoryEstimate(
      model, Pass(recomputesBlocks: run.recompute), batchSize: run.batch,
      shards: Shards(for: model, batchSize: run.batch), threads: 2, batchesInFlight: 1)
    #expect(abs(Double(estimate.total) / 1e6 / run.megabytes - 1) < 0.1, "\(estimate.description)")
  }
}
