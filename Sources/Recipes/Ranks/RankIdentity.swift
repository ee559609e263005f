import Autodiff
import Files
import Training

/// What all processes of a run must have in common, or they would train different models.
struct RankIdentity: Codable, Sendable {
  private let version, program, level: String
  private let settings: String
  private let data: DataFingerprint
  /// Hashes of some of the images of each split, and of what else is read from files.
  private let images: [String]
  private let classWeights, teacher: String
  /// A hash of the weights that the run begins with, and of the checkpoint's place.
  private let weights: String

  init(_ plan: TrainingPlan) throws {
    version = PackageVersion.current
    program = Self.hash(ofFile: "/proc/self/exe", blocks: 64)
    let precision = plan.settings.precision
    level = "\(ProductKernels.level), products by \(ProductKernels.description(of: precision))"
    settings = try plan.settings.withoutMachine.yaml()
    data = plan.fingerprint
    images = [plan.data.training, plan.data.validation].map { split in
      let step = max(1, split.samples.count / 64)
      let chosen = stride(from: 0, to: split.samples.count, by: step).map { split.samples[$0].path }
      return chosen.map { Self.hash(ofFile: $0, blocks: 1) }.joined(separator: " ")
    }
    classWeights = "\(plan.classWeights ?? [])"
    teacher = plan.teacher?.digest ?? ""
    let learner = try plan.learner()
    weights = "\(learner.weights.digest) after \(learner.optimizer.steps) steps"
  }

  /// A hash of a file's size and of some of its bytes, from evenly spaced places.
  private static func hash(ofFile path: String, blocks: Int) -> String {
    guard let file = try? RegularFile(reading: path) else { return "" }
    var hash = FNV1a("\(file.size)".utf8)
    for block in 0..<blocks {
      let start = file.size / blocks * block
      if let bytes = try? file.bytes(at: start, count: min(4096, file.size - start)) {
        hash.add(bytes)
      }
    }
    return String(hash.value, radix: 16)
  }

  /// Throws what one of the processes has that the first has not.
  static func check(_ all: [RankIdentity], _ places: [Ranks.Place]) throws {
    for (rank, own) in all.enumerated().dropFirst() {
      guard let difference = own.difference(from: all[0]) else { continue }
      throw TrainingError(
        "rank \(rank) on \(places[rank].host) differs from rank 0 on \(places[0].host): "
          + difference)
    }
  }

  private func difference(from first: RankIdentity) -> String? {
    if version != first.version { return "version \(version) instead of \(first.version)" }
    if program != first.program { return "the program is another build of version \(version)" }
    if level != first.level {
      return "\(level) instead of \(first.level); set CONVIT_LEVEL to the lower one for all ranks"
    }
    if settings != first.settings {
      let (new, old) = (settings.split(separator: "\n"), first.settings.split(separator: "\n"))
      let lines = zip(new, old).first { $0 != $1 }.map { "'\($0)' instead of '\($1)'" }
      return "the settings differ: \(lines ?? "some are missing")"
    }
    let names = data.differences(from: first.data)
    if !names.isEmpty { return "the images differ: \(shortened(names, to: 3))" }
    for (split, (new, old)) in zip(["train", "val"], zip(images, first.images)) where new != old {
      return "images of \(split) have the same names and other contents"
    }
    if classWeights != first.classWeights { return "the weights of classes differ" }
    if teacher != first.teacher { return "the teacher has other weights" }
    return weights == first.weights
      ? nil
      : "it starts from other weights, \(weights) instead of \(first.weights): do both see the "
        + "same --output-dir?"
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
