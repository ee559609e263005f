import Autodiff
import ConViT
import Foundation
import Safetensors

// What stands in the way of a run, found before it begins.
extension Trainer {
  /// The folders of images and of the run, which a run needs.
  static func folders(
    of configuration: TrainingConfiguration
  ) throws -> (dataPath: String, outputDir: String) {
    guard let dataPath = configuration.dataPath else {
      throw TrainingError(usage: "data-path is missing: the folder that has train/ and val/")
    }
    guard let outputDir = configuration.outputDir else {
      throw TrainingError(usage: "output-dir is missing: the folder to write the run to")
    }
    for (name, path) in [("data-path", dataPath), ("output-dir", outputDir)] where path.isEmpty {
      throw TrainingError(usage: "\(name) is empty")
    }
    return (dataPath, outputDir)
  }

  /// What a run will need of memory, which the machine must have.
  static func memory(
    _ model: VisionTransformer, _ tree: ParameterTree, _ configuration: TrainingConfiguration,
    images: Int, _ threads: Int
  ) throws -> MemoryEstimate {
    let estimate = MemoryEstimate(
      model.configuration, parameterCount: tree.elementCount,
      batchSize: min(configuration.batchSize, images),
      shards: Shards(
        for: model.configuration, batchSize: configuration.batchSize, size: configuration.shardSize),
      threads: threads, recomputesBlocks: configuration.recompute)
    guard estimate.total < ProcessInfo.processInfo.physicalMemory else {
      throw TrainingError(
        "the run needs about \(estimate.description) of memory, and the machine has "
          + "\(ProcessInfo.processInfo.physicalMemory / 1_000_000) MB")
    }
    return estimate
  }

  /// Throws unless a run may go on from a checkpoint, and returns what is to be said about it.
  static func check(
    _ checkpoint: Checkpoint, _ configuration: TrainingConfiguration, _ model: ViTConfiguration,
    _ data: DataFingerprint
  ) throws -> [String] {
    let path = checkpoint.path
    var notes = try configuration.effective(for: model)
      .checkResuming(checkpoint.configuration, of: path)
    let progress = checkpoint.progress
    guard configuration.epochs >= progress.epoch + (progress.step > 0 ? 1 : 0) else {
      throw TrainingError(
        "\(path): epochs is \(configuration.epochs), but the run is in epoch \(progress.epoch + 1)")
    }
    let differences = data.differences(from: checkpoint.data)
    let changes =
      differences.prefix(5).joined(separator: ", ")
      + (differences.count > 5 ? " and \(differences.count - 5) more" : "")
    guard data.classNames == checkpoint.data.classNames else {
      throw TrainingError("\(path): the run began with other classes: \(changes)")
    }
    if !differences.isEmpty {
      guard configuration.allowOtherData else {
        throw TrainingError(
          "\(path): the run began with other images: \(changes); "
            + "--allow-other-data goes on all the same")
      }
      notes.append("the run began with other images: \(changes)")
    }
    if checkpoint.libraryVersion != PackageVersion.current {
      notes.append(
        "\(path) is of version \(checkpoint.libraryVersion), this is \(PackageVersion.current): "
          + "results may differ in their last bits")
    }
    return notes
  }

  /// The weights of a file, except for a head that is for other classes.
  static func start(
    of tree: ParameterTree, from path: String, _ seed: UInt64, _ notes: [String]
  ) throws -> (ParameterStore, notes: [String]) {
    let heads: Set = ["head.weight", "head.bias", "head_dist.weight", "head_dist.bias"]
    let (weights, kept) = try ParameterStore.load(
      tree, from: try SafetensorsFile(contentsOf: path), optional: heads,
      start: ParameterStore(tree, seed: seed))
    let broken = weights.nonFiniteNames
    guard broken.isEmpty else {
      throw WeightsError(
        path: path, reason: "not all numbers are finite in " + broken.joined(separator: ", "))
    }
    let note = "\(path): \(kept.joined(separator: ", ")) not used, the head starts anew"
    return (weights, kept.isEmpty ? notes : notes + [note])
  }
}
