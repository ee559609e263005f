import Autodiff
import ConViT
import Files
import Foundation
import Safetensors
import Training

/// A moment of a run, in a file from which the run goes on to the same bits as if nothing had
/// happened.
///
/// The tensors are named as the entries of the reference's checkpoints: `model.<weight>`,
/// `optimizer.<moment>.<weight>`, `optimizer.step`, `epoch`, `step`, `loss_sum`, …, each number
/// with all its bits; the metadata hold the configuration, the fingerprint of the images and
/// versions. Version 2 of the format has masks and other sections beside those of version 1.
///
/// ```swift
/// let checkpoint = try Checkpoint(contentsOf: "runs/first/checkpoint.safetensors")
/// print(checkpoint.progress.epoch, checkpoint.configuration.lr)
/// ```
package struct Checkpoint: Sendable {
  /// The version of the format that this package writes; later ones are refused.
  package static let formatVersion = 2
  private static let format = "convit checkpoint"

  /// The file.
  package let path: String
  /// The settings of the run, without those of the machine.
  package let configuration: TrainingConfiguration
  /// The images of the run.
  package let data: DataFingerprint
  /// How far the run has come.
  package let progress: RunProgress
  /// The version of the package that wrote the file.
  package let libraryVersion: String
  /// The tensors and numbers.
  package let snapshot: Snapshot

  /// Opens a checkpoint: everything but the weights and what the optimiser remembers is read.
  ///
  /// - Throws: `SafetensorsError` for a file that is damaged or truncated anywhere, `TrainingError`
  ///   for one that is no checkpoint, or of a later format.
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

  /// Whether a file says that it is a checkpoint.
  static func isCheckpoint(_ file: SafetensorsFile) -> Bool { file.metadata["format"] == format }

  /// The folder of the run.
  package var folder: String { Files.folder(of: path) }

  /// Writes the moment of a run to `path`, replacing a file there when all is on the disk.
  static func write(
    _ learner: Learner, _ progress: RunProgress, configuration: TrainingConfiguration,
    data: DataFingerprint, to path: String
  ) throws {
    var snapshot = Snapshot()
    progress.save(to: &snapshot)
    learner.save(to: &snapshot)
    snapshot.texts = [
      "format": format, "format_version": "\(formatVersion)",
      "library_version": PackageVersion.current,
      "configuration": try configuration.withoutMachine.yaml(),
      "data": try JSON.text(data),
    ]
    try snapshot.write(to: path)
  }
}
