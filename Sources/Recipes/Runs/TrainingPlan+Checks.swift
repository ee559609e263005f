import Autodiff
import ConViT
import Files
import Foundation
import Safetensors
import Training

// What stands in the way of a run, found before it begins.
extension TrainingPlan {
  /// The folder of the run; a run needs it, and the folder of images.
  static func outputFolder(of configuration: TrainingConfiguration) throws -> String {
    guard let dataPath = configuration.dataPath else {
      throw TrainingError(usage: "data-path is missing: the folder that has train/ and val/")
    }
    guard let outputDir = configuration.outputDir else {
      throw TrainingError(usage: "output-dir is missing: the folder to write the run to")
    }
    for (name, path) in [("data-path", dataPath), ("output-dir", outputDir)] where path.isEmpty {
      throw TrainingError(usage: "\(name) is empty")
    }
    return outputDir
  }

  /// What a run will need of memory, which the machine must have.
  static func memory(
    _ model: any VisionModel, _ recipe: Recipe, _ configuration: TrainingConfiguration,
    teacher: SavedModel?, images: Int, threads: Int, _ ranks: Ranks
  ) throws -> MemoryEstimate {
    let estimate = MemoryEstimate(
      model, recipe.pass, batchSize: min(configuration.batchSize, images),
      shards: configuration.shards(for: model, processes: ranks.count), threads: threads,
      stores: configuration.optimizer.storeCount,
      stepSize: min(configuration.schedule.share(of: ranks.count), images),
      teacherParameterCount: teacher?.weights.tree.elementCount ?? 0)
    let all = ProcessInfo.processInfo.physicalMemory
    guard UInt64(estimate.total) < all / UInt64(ranks.countOnHost) else {
      throw TrainingError(
        "\(ranks.countOnHost == 1 ? "the run" : "each of \(ranks.countOnHost) ranks on a host") "
          + "needs about \(estimate.description) of memory, and the machine has "
          + "\(all / 1_000_000) MB")
    }
    return estimate
  }

  /// The weights that a new run starts from, and what is to be said about them.
  static func start(
    _ model: any VisionModel, _ configuration: TrainingConfiguration, classes: [String],
    _ normalization: ChannelStatistics
  ) throws -> (weights: ParameterStore, notes: [String]) {
    guard let (key, path) = configuration.architecture.startFile else {
      return (ParameterStore(model, seed: configuration.seed), [])
    }
    guard try !Checkpoint.isCheckpoint(WeightsSource.open(path)) else {
      throw TrainingError(
        usage: "\(key): \(path) is a checkpoint; its weights are in model.safetensors beside it")
    }
    return try model.start(
      from: path, seed: configuration.seed, isPartial: configuration.partial, classNames: classes,
      normalization: normalization)
  }

  /// What is pruned in the weights that a new run starts from, and is to stay so.
  static func masks(
    _ tree: ParameterTree, _ configuration: TrainingConfiguration
  ) throws -> (masks: ParameterMasks?, note: String?) {
    guard let (key, path) = configuration.architecture.startFile else { return (nil, nil) }
    guard let masks = try ParameterMasks(in: WeightsFile(contentsOf: path), of: tree) else {
      guard key == "ticket" else { return (nil, nil) }
      throw TrainingError(
        "\(path): not a ticket, as it has no masks of this model; --finetune starts from weights")
    }
    let count = "\(tree.elementCount - masks.keptCount) of its weights are pruned"
    return configuration.keepPruned
      ? (masks, "\(path): \(count), and stay 0" + (key == "ticket" ? "" : Self.wayToGrow))
      : (nil, "\(path): \(count), and may grow again")
  }

  private static let wayToGrow = " (--no-keep-pruned lets them grow)"

  /// What is to be said of weights from which rounds of pruning take.
  ///
  /// - Throws: `TrainingError` if more than that is gone from them.
  static func check(
    _ weights: ParameterStore, _ masks: ParameterMasks?, _ settings: TrainingConfiguration
  ) throws -> [String] {
    guard let share = settings.prune, let path = settings.finetune else { return [] }
    let slots = settings.pruning.rule.selection.slots(in: weights.tree)
    let (gone, all) = (masks ?? ParameterMasks(weights.tree)).removed(in: slots)
    // Of each matrix as of all together a whole number goes, which may be above the share.
    let most = slots.reduce(0) {
      $0 + Int((share * Double(weights.values[$1].count)).rounded())
    }
    guard gone <= max(most, Int((share * Double(all)).rounded())) else {
      throw TrainingError(
        "\(path): \(gone) of its \(all) weights are pruned, which is more than prune, \(share)")
    }
    return [settings.pruning.rule.warning(for: weights)].compactMap(\.self).map { "\(path): \($0)" }
  }

  /// Throws unless a run may resume from a checkpoint, and returns what is to be said about it.
  static func check(
    _ checkpoint: Checkpoint, _ settings: TrainingConfiguration, _ data: DataFingerprint,
    allowsOtherData: Bool
  ) throws -> [String] {
    let path = checkpoint.path
    var notes = try settings.checkResuming(checkpoint.configuration, of: path)
    let progress = checkpoint.progress
    let begun = progress.epoch + (progress.step > 0 ? 1 : 0)
    guard settings.totalEpochs >= begun else {
      throw TrainingError(
        "\(path): epochs is \(settings.scaledEpochs), but the run has begun epoch \(begun)")
    }
    let differences = data.differences(from: checkpoint.data)
    let changes = shortened(differences, to: 5)
    guard data.classNames == checkpoint.data.classNames else {
      throw TrainingError("\(path): the run began with other classes: \(changes)")
    }
    if !differences.isEmpty {
      guard allowsOtherData else {
        throw TrainingError(
          "\(path): the run began with other images: \(changes); "
            + "--allow-other-data resumes all the same")
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

  /// Throws if a run resumes with another ticket than it began with, which its masks tell: the
  /// folder that both are in may have moved.
  static func checkTicket(
    _ path: String?, of checkpoint: Checkpoint, _ tree: ParameterTree
  ) throws {
    guard let path, let old = checkpoint.configuration.ticket, path != old else { return }
    let masks = try ParameterMasks(in: WeightsFile(contentsOf: path), of: tree)
    let begun = try checkpoint.snapshot.masks(of: tree)
    for (slot, name) in tree.names.enumerated() {
      guard begun?[slot: slot]?.elements == masks?[slot: slot]?.elements else {
        throw TrainingError(
          "\(checkpoint.path): the run began with the ticket \(old), and \(path) is another: it "
            + "keeps other weights of \(name)")
      }
    }
  }
}
