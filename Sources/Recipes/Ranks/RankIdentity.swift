import Autodiff
import Files
import Training

/// What all processes of a run must have in common, or they would train different models.
struct RankIdentity: Codable, Sendable {
  private let version, level: String
  private let settings: String
  private let data: DataFingerprint
  /// A hash of the weights that the run begins with, and of the checkpoint's place.
  private let weights: String

  init(_ plan: TrainingPlan) throws {
    version = PackageVersion.current
    let precision = plan.settings.precision
    level = "\(ProductKernels.level), products by \(ProductKernels.description(of: precision))"
    settings = try plan.settings.withoutMachine.yaml()
    data = plan.fingerprint
    let learner = try plan.learner()
    weights = "\(learner.weights.digest) after \(learner.optimizer.steps) steps"
  }

  /// Throws what one of the processes has that the first has not.
  static func check(_ all: [RankIdentity], _ places: [Ranks.Place]) throws {
    for (rank, own) in all.enumerated().dropFirst() {
      guard let difference = own.difference(from: all[0]) else { continue }
      throw TrainingError(
        "rank \(rank) on \(places[rank].host) is not as rank 0 on \(places[0].host): \(difference)")
    }
  }

  private func difference(from first: RankIdentity) -> String? {
    if version != first.version { return "version \(version) instead of \(first.version)" }
    if level != first.level {
      return "\(level) instead of \(first.level); CONVIT_LEVEL holds all of them to the lowest"
    }
    if settings != first.settings {
      let (new, old) = (settings.split(separator: "\n"), first.settings.split(separator: "\n"))
      let lines = zip(new, old).first { $0 != $1 }.map { "'\($0)' instead of '\($1)'" }
      return "the settings differ: \(lines ?? "some are missing")"
    }
    let images = data.differences(from: first.data)
    if !images.isEmpty { return "the images differ: \(shortened(images, to: 3))" }
    return weights == first.weights
      ? nil : "its weights at the start differ: \(weights) instead of \(first.weights)"
  }
}

extension ParameterStore {
  /// A hash of all numbers.
  var digest: String {
    var hash = FNV1a()
    for value in values {
      value.withUnsafeBufferPointer { hash.add(UnsafeRawBufferPointer($0)) }
    }
    return String(hash.value, radix: 16)
  }
}
