import Files
import Foundation
import Locality
import Runs
import Training

/// The folder that a training run writes: its configuration, logs, weights and checkpoints.
///
/// While it lives, no other run can have the folder.
package struct RunFolder: Sendable {
  package let path: String
  private let isNew: Bool
  private let lock: FolderLock
  private var board: BoardFile?

  /// Makes the folder of a new run; what a run left that saved nothing is replaced.
  package init(creating path: String, tensorboard: Bool = false) throws {
    try Self.check(path)
    self.path = path
    isNew = !FileManager.default.fileExists(atPath: path)
    _ = try OutputFolder(path)
    lock = try FolderLock(path)
    try Self.check(path)  // once more: another run may have ended in between
    removeTemporaries()
    try AtomicFile.replace(file(RunFiles.unfinished), by: [])
    for name in [RunFiles.log, RunFiles.steps] { try AtomicFile.replace(file(name), by: []) }
    for name in Self.weights { unlink(file(name)) }
    removeLocality()
    unlink(file(BoardFile.name))
    if tensorboard { board = try BoardFile(in: path) }
  }

  /// The folder of a run that resumes from a checkpoint in it, before `step` (counted from the
  /// start of the run): the checkpoint becomes the latest one, and the lines that were logged after
  /// it are removed.
  init(resuming checkpoint: Checkpoint, step: Int, tensorboard: Bool) throws {
    path = checkpoint.folder
    isNew = false
    let epoch = checkpoint.progress.epoch
    try Self.checkIsWritable(path, at: path)
    lock = try FolderLock(path)
    removeTemporaries()
    try makeLatest(checkpoint.path)
    keep()
    try JSONLines(file(RunFiles.log)).keep { (line: EpochRecord) in line.epoch < epoch }
    try JSONLines(file(RunFiles.steps)).keep { (line: StepRecord) in
      line.epoch < epoch || line.epoch == epoch && line.step < step
    }
    if Self.exists(RunFiles.locality, in: path) {
      try JSONLines(file(RunFiles.locality)).keep { (line: LocalityRecord) in
        line.epochs <= epoch && step > 0  // the start is measured anew
      }
    }
    if tensorboard {
      board = try BoardFile(
        in: path, log: JSONLines(file(RunFiles.log)).lines(),
        steps: JSONLines(file(RunFiles.steps)).lines()
      )
    }
  }

  private func makeLatest(_ checkpoint: String) throws {
    let latest = file(RunFiles.checkpoint)
    let temporary = latest + ".tmp"
    func number(_ path: String) -> UInt64? {
      let attributes = try? FileManager.default.attributesOfItem(atPath: path)
      return (attributes?[.systemFileNumber] as? NSNumber)?.uint64Value
    }
    if number(checkpoint) == number(latest) { return }
    guard link(checkpoint, temporary) == 0, rename(temporary, latest) == 0 else {
      throw TrainingError(
        "\(latest): cannot replace it by \(checkpoint): \(String(cString: strerror(errno)))")
    }
  }

  /// Throws what stands in the way of a new run, without making anything.
  package static func check(_ path: String) throws {
    let files = FileManager.default
    var place = URL(fileURLWithPath: path).standardizedFileURL
    while !files.fileExists(atPath: place.path) { place.deleteLastPathComponent() }
    var isFolder: ObjCBool = false
    guard files.fileExists(atPath: place.path, isDirectory: &isFolder), isFolder.boolValue else {
      throw TrainingError("\(path): cannot make the folder: \(place.path) is a file")
    }
    try checkIsWritable(path, at: place.path)
    guard isUnused(path) else {
      let advice = hasCheckpoint(path) ? "resume it by --resume auto, or choose" : "choose"
      throw TrainingError(
        "\(path): there is a run in this folder already, or a file of its names; \(advice) another")
    }
  }

  private static func checkIsWritable(_ path: String, at place: String) throws {
    guard access(place, W_OK) == 0 else {
      throw TrainingError("\(path): cannot write to \(place): \(String(cString: strerror(errno)))")
    }
  }

  func removeUnlessUsed() {
    guard Self.isUnused(path) else { return }
    removeLocality()
    for name in Self.files + Self.weights + [RunFiles.unfinished] { unlink(file(name)) }
    rmdir(file(BoardFile.folder))
    if isNew { rmdir(path) }  // which does it only if it is empty
  }

  private func removeLocality() {
    unlink(file(RunFiles.locality))
    if Self.exists(Self.attentionIndex, in: path) {
      try? FileManager.default.removeItem(atPath: attention)
    }
  }

  /// Removes the beginnings of files that a killed process has left.
  private func removeTemporaries() {
    for name in Self.files + Self.weights { unlink(file(name) + ".tmp") }
  }

  /// What a run writes from its start on, beside the marker.
  private static let files = [
    RunFiles.configuration, RunFiles.log, RunFiles.steps, RunFiles.locality, attentionIndex,
    BoardFile.name,
  ]
  private static let attentionIndex = "\(RunFiles.attention)/\(AttentionIndex.fileName)"
  private static let weights = [
    RunFiles.model, RunFiles.best, RunFiles.average, RunFiles.checkpoint,
    RunFiles.previousCheckpoint,
  ]

  private static func exists(_ name: String, in folder: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(folder)/\(name)")
  }

  /// Whether there is no file of a run's names, or only those of a run without a checkpoint: one
  /// that was killed before it saved anything, or between its first weights and the checkpoint.
  private static func isUnused(_ path: String) -> Bool {
    if exists(RunFiles.unfinished, in: path) { return !hasCheckpoint(path) }
    return !(files + weights).contains { exists($0, in: path) }
  }

  static func hasCheckpoint(_ path: String) -> Bool {
    exists(RunFiles.checkpoint, in: path) || exists(RunFiles.previousCheckpoint, in: path)
  }

  /// The epochs that the run in a folder has logged; none if there is no log.
  package static func records(of folder: String) -> [EpochRecord] {
    JSONLines("\(folder)/\(RunFiles.log)").records()
  }

  private func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Says that the run has saved something, so that the folder is its own from here on.
  func keep() { unlink(file(RunFiles.unfinished)) }

  package var model: String { file(RunFiles.model) }
  package var average: String { file(RunFiles.average) }
  /// The weights of the highest accuracy after any epoch, be they the model's or the average's.
  package var best: String { file(RunFiles.best) }
  package func model(after epoch: Int) -> String { file(RunFiles.model(after: epoch)) }
  var attention: String { file(RunFiles.attention) }
  static func nonFiniteReport(in folder: String) -> String {
    "\(folder)/\(RunFiles.nonFiniteStep)"
  }

  func write(_ configuration: TrainingConfiguration) throws {
    try AtomicFile.replace(file(RunFiles.configuration), by: Array(try configuration.yaml().utf8))
  }

  /// Appends a line to `steps.jsonl`, and to TensorBoard's file if there is one.
  func append(_ step: StepRecord) throws {
    let line = try JSONLines(file(RunFiles.steps)).append(step)
    try board?.append(line, .step)
  }

  func append(_ measurement: LocalityRecord) throws {
    try JSONLines(file(RunFiles.locality)).append(measurement)
  }

  /// Appends a line to `log.jsonl`, and to TensorBoard's file if there is one.
  func append(_ epoch: EpochLine) throws {
    let line = try JSONLines(file(RunFiles.log)).append(epoch)
    try board?.append(line, .epoch)
  }

  /// Has `write` make the new checkpoint at the path it is given; the old one stays beside it.
  ///
  /// The lines of the logs are on the disk before; TensorBoard's file follows from them. The old
  /// checkpoint gets its second name first: a crash at any moment leaves a whole one, and a file
  /// system without links has one only.
  func replaceCheckpoint(_ write: (String) throws -> Void) throws {
    for name in [RunFiles.log, RunFiles.steps, RunFiles.locality] where Self.exists(name, in: path)
    {
      try AtomicFile.sync(file(name))
    }
    if Self.exists(RunFiles.checkpoint, in: path) {
      unlink(file(RunFiles.previousCheckpoint))
      link(file(RunFiles.checkpoint), file(RunFiles.previousCheckpoint))
    }
    try write(file(RunFiles.checkpoint))
    keep()
  }
}
