import Autodiff
import ConViT
import Training
import Yams

extension TrainingConfiguration {
  /// What a run may change when it goes on: what does not decide about its results.
  private static let changeable: Set = [
    "output-dir", "data-path", "val-path", "train-split", "val-split", "threads", "num-workers",
    "pin-threads",
    "recompute", "log-every",
    "locality-every", "locality-sample", "tensorboard", "save-every", "save-every-steps",
    "on-nonfinite", "on-bad-image", "max-bad", "resume", "allow-other-data", "allow-nonfinite",
    "early-stop", "time-budget", "report",
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

  /// The values that are not as in `old`, as text.
  package func differences(
    from old: TrainingConfiguration
  ) throws -> [(key: String, new: String, old: String)] {
    let (new, old) = (try texts(), try old.texts())
    return Self.keys.compactMap { key in
      new[key] == old[key] ? nil : (key, new[key] ?? "left out", old[key] ?? "left out")
    }
  }

  private func texts() throws -> [String: String] {
    let pairs = try Yams.compose(yaml: yaml())?.mapping ?? [:]
    return Dictionary(
      uniqueKeysWithValues: pairs.map { key, value in
        let parts = value.sequence?.compactMap(\.string) ?? [value.string ?? ""]
        return (key.string ?? "", parts.joined(separator: " "))
      })
  }

  /// The settings without those of the machine and of one start.
  var withoutMachine: TrainingConfiguration {
    var configuration = withoutResuming
    (configuration.outputDir, configuration.threads, configuration.numWorkers) = (nil, nil, nil)
    (configuration.pinThreads, configuration.timeBudget) = (false, nil)
    return configuration
  }

  /// The settings of a run, whether it begins or goes on.
  var withoutResuming: TrainingConfiguration {
    var configuration = self
    configuration.resume = nil
    (configuration.allowOtherData, configuration.allowNonfinite) = (false, false)
    return configuration
  }

  /// The settings with what the model and the batch made of those that were left out.
  func effective(for structure: VisionTransformer) -> TrainingConfiguration {
    var effective = withoutResuming
    let model = structure.configuration
    effective.warmupEpochs = scaled.learningRates.warmupEpochs
    (effective.heads, effective.depth) = (model.heads, model.depth)
    effective.headDim = model.embedDim / model.heads
    effective.localUpToLayer = model.localUpToLayer
    effective.shardSize = shards(for: structure).size
    effective.optBetas = optimizer.betas
    effective.aa = augmentation.policyText ?? "none"
    effective.reprob = augmentation.eraseProbability
    return effective
  }
}
