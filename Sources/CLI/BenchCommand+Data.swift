import ArgumentParser
import Autodiff
import Foundation
import Recipes

/// `convit bench --mode data`: the input pipeline alone.
extension BenchCommand {
  func validateForData() throws {
    guard dataPath != nil else { throw ValidationError("--mode data needs --data-path") }
    for (flag, isGiven) in [
      ("model", model != nil), ("frames", frames != nil), ("attention", attention != nil),
      ("weights", weights != nil), ("steps", steps != nil),
      ("warmup", warmup != nil),
      ("recompute", recompute), ("lanes", lanes != nil), ("shard-size", shardSize != nil),
      ("pin-threads", pinThreads), ("precision", precision != nil),
      ("average", average != nil),
    ] where isGiven { throw ValidationError("--mode data and --\(flag) do not go together") }
  }

  func validateForModel() throws {
    var changed = TrainingConfiguration()
    augmentation.apply(to: &changed)
    data.apply(to: &changed)
    guard dataPath == nil && changed == TrainingConfiguration() else {
      throw ValidationError("flags about images are for --mode data")
    }
  }

  func runOnData() throws {
    var recipe = try config.map { try TrainingConfiguration(contentsOf: $0) } ?? .init()
    recipe.dataPath = dataPath ?? recipe.dataPath
    recipe.inputSize = inputSize ?? recipe.inputSize
    augmentation.apply(to: &recipe)
    data.apply(to: &recipe)
    recipe.batchSize = batchSize
    var benchmark = PipelineBenchmark(recipe, threads: threads ?? WorkerPool.availableProcessors)
    benchmark.seconds = seconds ?? 10
    let report = try benchmark()
    guard !json else { return try printJSON(report) }
    let speeds = [report.imagesPerSecond, report.imagesPerCoreSecond, report.peakRssMb]
    print(
      String(
        format: """
          data, batch \(report.batchSize), \(report.threads) threads, \(report.images) images
          speed     %.0f images/s; %.0f for each second of a processor
          memory    %.0f MB at most
          """, arguments: speeds))
  }
}
