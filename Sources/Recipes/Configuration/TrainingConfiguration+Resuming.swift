import ConViT
import Training

extension TrainingConfiguration {
  /// What a run may change when it goes on: what does not decide about its results.
  private static let changeable: Set = [
    "output-dir", "data-path", "val-path", "train-split", "val-split", "threads", "num-workers",
    "pin-threads", "recompute", "log-every", "locality-every", "locality-sample", "tensorboard",
    "save-every", "save-every-steps", "on-nonfinite", "on-bad-image", "max-bad", "resume",
    "allow-other-data", "allow-nonfinite", "early-stop", "time-budget", "report",
  ]

  /// Throws unless a run of these settings may go on with `self`, and returns what is to be said.
  ///
  /// The number of epochs may change; rates are then those of a run of the new length.
  func checkResuming(_ old: TrainingConfiguration, of path: String) throws -> [String] {
    let differences = try differences(from: old).filter { !Self.changeable.contains($0.key) }
    func described(_ difference: (key: String, new: String, old: String)) -> String {
      "\(difference.key) is \(difference.new) instead of \(difference.old)"
    }
    let faults = differences.filter { $0.key != "epochs" }.map(described)
    guard faults.isEmpty else {
      throw TrainingError(
        "\(path): the run began with other settings: \(faults.joined(separator: ", "))")
    }
    return differences.map { described($0) + ": from here on, rates are those of the new length" }
  }

  /// The settings of a run wherever it goes on: without those of the machine and of one start.
  var withoutMachine: TrainingConfiguration {
    var configuration = self
    (configuration.outputDir, configuration.threads, configuration.numWorkers) = (nil, nil, nil)
    (configuration.pinThreads, configuration.timeBudget) = (false, nil)
    return configuration
  }

  /// The settings with what the model and the batch make of those that were left out, and without
  /// what is about going on.
  func filled(for structure: VisionTransformer) -> TrainingConfiguration {
    var filled = self
    filled.resume = nil
    (filled.allowOtherData, filled.allowNonfinite) = (false, false)
    let model = structure.configuration
    filled.warmupEpochs = learningRates.warmupEpochs
    (filled.heads, filled.depth) = (model.heads, model.depth)
    filled.headDim = model.embedDim / model.heads
    filled.localUpToLayer = model.localUpToLayer
    filled.shardSize = shards(for: structure).size
    filled.optBetas = optimizer.betas
    filled.aa = augmentation.policyText ?? "none"
    filled.reprob = augmentation.eraseProbability
    return filled
  }
}
