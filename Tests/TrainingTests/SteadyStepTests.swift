import ConViT
import Images
import Recipes
import Testing
import Training

@testable import Autodiff

#if DEBUG  // a process of its own, as the pool of buffers is the process's

  /// What a step needs is there after steps of the same shape, however deep the model and however
  /// large the batch.
  @Suite struct SteadyStepTests {
    @Test func aSteadyStepMakesNothing() async {
      await #expect(processExitsWith: .success) {
        for (depth, batchSize) in [(2, 8), (2, 24), (6, 8), (6, 24)] {
          let pool = WorkerPool(threads: 1)
          let steps = try steps(depth: depth, batchSize: batchSize, pool)
          for _ in 0..<2 { try steps() }
          let made = (BufferPool.made, pool.tapes.operatorsMade)
          for _ in 0..<2 { try steps() }
          #expect((BufferPool.made, pool.tapes.operatorsMade) == made, "\(depth) layers")
          #expect(made.1 > 10 * depth)  // the operators of one shard
          #expect(made.1 < 30 * depth + 30)
        }
      }
    }
  }

  /// A step of the optimiser and a prediction, again and again.
  private func steps(
    depth: Int, batchSize: Int, _ pool: WorkerPool
  ) throws -> () throws -> Void {
    var configuration = try #require(ViTConfiguration.preset("convit_tiny"))
    (configuration.imageHeight, configuration.imageWidth, configuration.patchSize) = (16, 16, 4)
    (configuration.embedDim, configuration.classes) = (16, 10)
    (configuration.depth, configuration.localUpToLayer) = (depth, depth - 1)
    (configuration.dropRate, configuration.dropPathRate) = (0.1, 0.2)
    let model = try VisionTransformer(configuration)
    let weights = ParameterStore(model, seed: 0)
    var recipe = TrainingConfiguration()
    (recipe.batchSize, recipe.shardSize) = (batchSize, 2)
    var learner = Learner(model, weights, try recipe.recipe(for: model))
    let frozen = FrozenWeights(weights)
    let images = Tensor(repeating: 0.5, [batchSize, 3, 16, 16])
    let batch = Batch(
      inputs: images, labels: (0..<batchSize).map { $0 % 10 },
      indices: Array(0..<batchSize))
    return {
      _ = try learner.step(batch, epoch: 0, rate: 1e-3, on: pool)
      _ = model.logits(of: images, frozen, on: pool)
    }
  }

#endif
