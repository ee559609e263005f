import Autodiff
import ConViT
import Files
import Foundation
import Runs
import Safetensors
import Training

/// A moment of a run, in a file from which the run resumes to the same bits as if nothing had
/// happened.
///
/// The tensors are named as the entries of the reference's checkpoints: `model.<weight>`,
/// `optimizer.<moment>.<weight>`, `optimizer.step`, `epoch`, `step`, `loss_sum`, …, each number
/// with all its bits; the metadata hold the configuration, the fingerprint of the images and
/// versions. Version 2 of the format has masks and other sections beside those of version 1.
package struct Checkpoint: Sendable {
  /// The version of the format that this package writes; later ones are refused.
  package static let formatVersion = 2
  private static let format = "convit checkpoint"

  package let path: String
  /// The settings of the run, without those of the machine.
  package let configuration: TrainingConfiguration
  package let data: DataFingerprint
  package let progress: RunProgress
  package let libraryVersion: String
  package let snapshot: Snapshot

  /// Opens a checkpoint: everything but the weights and what the optimiser remembers is read.
  package init(contentsOf path: String) throws {
    let file = try SafetensorsFile(contentsOf: path)
    func fault(_ reason: String) -> TrainingError { TrainingError("\(path): \(reason)") }
    guard Self.isCheckpoint(file), let version = file.metadata["format_version"]
    else { throw fault("not a checkpoint of a run; start from weights with --finetune") }
    guard let number = Int(version), (1...Self.formatVersion).contains(number) else {
      throw fault("format version \(version), this package reads up to \(Self.formatVersion)")
    }
    do {
      data = try JSONDecoder().decode(
        DataFingerprint.self, from: Data((file.metadata["data"] ?? "").utf8))
    } catch {
      throw fault("the metadata entry 'data' is not as expected")
    }
    configuration = try TrainingConfiguration(
      yaml: file.metadata["configuration"] ?? "", of: "\(path): configuration")
    snapshot = Snapshot(file)
    progress = try RunProgress(snapshot)
    libraryVersion = file.metadata["library_version"] ?? "?"
    self.path = path
  }

  package static func isCheckpoint(_ file: any TensorFile) -> Bool {
    file.metadata["format"] == format
  }

  package var folder: String { Files.folder(of: path) }

  /// Writes the moment of a run to `path`, replacing a file there when all is on the disk.
  static func write(
    _ learner: Learner, _ progress: RunProgress, _ observer: (any TrainingObserver)? = nil,
    configuration: TrainingConfiguration, data: DataFingerprint, to path: String
  ) throws {
    var snapshot = Snapshot()
    progress.save(to: &snapshot)
    learner.save(to: &snapshot)
    observer?.save(to: &snapshot)
    snapshot.texts = [
      "format": format, "format_version": "\(formatVersion)",
      "library_version": PackageVersion.current,
      "configuration": try configuration.withoutMachine.yaml(),
      "data": try JSON.text(data),
    ]
    try snapshot.write(to: path)
  }
}

extension SavedModel {
  /// The model in a weights file, or of the moment of a run that a checkpoint holds.
  package init(weightsOrCheckpoint path: String, as description: Description) throws {
    let file = try WeightsSource.open(path)
    guard Checkpoint.isCheckpoint(file) else {
      self = try SavedModel(file, at: path, as: description)
      return
    }
    self = try Checkpoint(contentsOf: path).model(as: description)
  }
}

extension Checkpoint {
  func model(as description: SavedModel.Description) throws -> SavedModel {
    let model: any VisionModel
    do {
      model = try self.configuration.makeModel(classes: classes ?? 1000)
    } catch {
      throw TrainingError("\(path): \(error)")
    }
    let configuration = model.image
    let frames = (model as? TimeSformer)?.configuration.frames
    let descriptions: [(name: String, asked: String?, found: String)] = [
      ("frames", description.frames.map(String.init), frames.map(String.init) ?? "none"),
      ("model", description.name, self.configuration.model),
      ("patch-size", description.patchSize.map(String.init), "\(configuration.patchSize)"),
      (
        "input-size", description.imageHeight.map { "\($0) × \(description.imageWidth ?? $0)" },
        "\(configuration.imageHeight) × \(configuration.imageWidth)"
      ),
    ]
    for (name, asked, found) in descriptions where asked != nil && asked != found {
      throw TrainingError("\(path): the checkpoint's \(name) is \(found), not \(asked ?? "")")
    }
    let names = data.classNames
    guard Set(names.map { Array($0.utf8) }).count == names.count,
      names.count <= configuration.classes
    else {
      throw TrainingError(
        "\(path): \(names.count) class names for \(configuration.classes) classes, or one twice")
    }
    var saved = SavedModel(
      model, try snapshot.store("model", ParameterTree(model)), classNames: names,
      name: self.configuration.model,
      normalization: try self.configuration.normalization().statistics)
    saved.masks = try snapshot.masks(of: saved.weights.tree)
    saved.frameStride = frames.map { _ in self.configuration.frameStride }
    if let note = saved.weights.nonFiniteNote { saved.warnings.append(note) }
    return saved
  }

  private var classes: Int? { snapshot.shape("model.head.weight")?.first }
}

extension Checkpoint {
  /// A checkpoint to resume from, if any, and what is to be said about it.
  package typealias Requested = (checkpoint: Checkpoint?, notes: [String])

  /// The checkpoint that a configuration's `resume` asks to resume from; none for a new run.
  ///
  /// `auto` takes the latest one in `outputDir`, or the one before if the latest is damaged. A
  /// folder stands for its latest one, which must be whole.
  package static func requested(by configuration: TrainingConfiguration) throws -> Requested {
    guard let asked = configuration.resume else { return (nil, []) }
    try require(!asked.isEmpty, "resume is empty")
    if asked == "auto" {
      guard let folder = configuration.outputDir, !folder.isEmpty else {
        throw TrainingError(usage: "resume is auto, but output-dir is missing")
      }
      return try latest(in: folder)
    }
    let checkpoint = try named(asked)
    if let folder = configuration.outputDir, !isSame(folder, checkpoint.folder) {
      throw TrainingError(
        usage: "output-dir is \(folder), but a run resumes in its own folder, \(checkpoint.folder)")
    }
    return (checkpoint, [])
  }

  /// The latest checkpoint that is whole, or none if there is none at all.
  private static func latest(in folder: String) throws -> Requested {
    guard RunFolder.hasCheckpoint(folder) else { return (nil, []) }
    let (checkpoint, damage) = try whole(in: folder)
    return (
      checkpoint,
      damage.map { ["\($0); resuming from the checkpoint before, \(checkpoint.path)"] } ?? []
    )
  }

  /// The latest checkpoint in a folder or, if that is damaged, the one before, and the damage.
  private static func whole(in folder: String) throws -> (Checkpoint, damage: (any Error)?) {
    do {
      return (try Checkpoint(contentsOf: "\(folder)/\(RunFiles.checkpoint)"), nil)
    } catch {
      guard
        let previous = try? Checkpoint(contentsOf: "\(folder)/\(RunFiles.previousCheckpoint)")
      else { throw error }
      return (previous, error)
    }
  }

  /// The checkpoint at a path, or the latest one of the run in the folder at this path.
  private static func named(_ path: String) throws -> Checkpoint {
    var isFolder: ObjCBool = false
    let folder = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else {
      throw TrainingError("\(path): no such run or checkpoint")
    }
    guard isFolder.boolValue else { return try Checkpoint(contentsOf: path) }
    guard RunFolder.hasCheckpoint(folder) else {
      throw TrainingError("\(path): there is no checkpoint in this folder")
    }
    let (checkpoint, damage) = try whole(in: folder)
    guard let damage else { return checkpoint }
    throw TrainingError("\(damage); --resume \(checkpoint.path) resumes from the one before")
  }

  private static func isSame(_ a: String, _ b: String) -> Bool {
    func place(_ path: String) -> String {
      URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
    }
    return place(a) == place(b)
  }
}
