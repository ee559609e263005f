import Autodiff
import ConViT
import Images
import Testing

@testable import Recipes
@testable import Training

/// Training with matrix products in bfloat16.
@Suite struct PrecisionTests {
  private func training(_ precision: Precision) throws -> (learner: Learner, batch: Batch) {
    var configuration = try #require(ViTConfiguration.preset("convit_tiny"))
    (configuration.imageHeight, configuration.imageWidth, configuration.patchSize) = (16, 16, 4)
    (configuration.embedDim, configuration.classes) = (16, 10)
    (configuration.depth, configuration.localUpToLayer) = (3, 2)
    let model = try VisionTransformer(configuration)
    var recipe = TrainingConfiguration()
    (recipe.batchSize, recipe.shardSize, recipe.precision) = (8, 2, precision)
    (recipe.mixup, recipe.cutmix) = (0, 0)
    recipe.modelEma = true
    var random = Random(seed: 1)
    let images = Tensor(
      [8, 3, 16, 16], (0..<8 * 3 * 16 * 16).map { _ in Float(random.uniform(-2, 2)) })
    let batch = Batch(inputs: images, labels: Array(0..<8), indices: Array(0..<8))
    return (Learner(model, ParameterStore(model, seed: 0), try recipe.recipe(for: model)), batch)
  }

  /// Losses and weights of eight steps.
  private func run(
    _ precision: Precision, threads: Int
  ) throws -> (losses: [Double], weights: ParameterStore) {
    var (learner, batch) = try training(precision)
    let pool = WorkerPool(threads: threads)
    let losses = try (0..<8).map { try learner.step(batch, epoch: $0, rate: 1e-2, on: pool).loss }
    return (losses, learner.weights)
  }

  @Test func bfloat16TrainsAsFloatsDo() throws {
    let (floats, one) = (try run(.float32, threads: 1), try run(.bfloat16, threads: 1))
    let three = try run(.bfloat16, threads: 3)
    #expect(one.losses == three.losses && one.weights.values == three.weights.values)
    #expect(one.losses != floats.losses)
    #expect(one.losses.last! < 0.85 * one.losses[0])
    for (a, b) in zip(one.losses, floats.losses) { #expect(abs(a - b) < 0.03 * b, "\(a), \(b)") }
  }
}
