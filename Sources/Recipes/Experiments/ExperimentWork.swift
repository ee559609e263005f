import Files
import Foundation
import Runs
import Training

/// What one of the processes on an experiment's folder does there.
package struct ExperimentWork: Sendable {
  package let plan: ExperimentPlan
  package let folder: String
  private let attempts: RunAttempts

  package init(_ plan: ExperimentPlan, in folder: String) {
    (self.plan, self.folder) = (plan, folder)
    attempts = RunAttempts(of: plan.runs, in: folder)
  }

  /// Has `train` train a run, unless it has a result or has failed since this process began; see
  /// `RunAttempts`.
  package func attempt(
    _ run: ExperimentPlan.Run, train: () throws -> Void,
    ended: ((any Error)?) throws -> Void = { _ in }
  ) throws -> Bool {
    try attempts(run, unless: { try isDone(run) }, train: train, ended: ended)
  }

  package func isDone(_ run: ExperimentPlan.Run) throws -> Bool {
    try run.readableResult(in: folder) != nil
  }

  /// Whether there is nothing to do or to wait for about a run.
  package func isSettled(_ run: ExperimentPlan.Run) throws -> Bool {
    try attempts.isSettled(run) { try isDone(run) }
  }

  /// Has `write` write the table of what is in the folder; no two processes do at a time, so that
  /// a table is never replaced by one that knows less.
  @discardableResult
  package func writeTable(
    _ write: (ExperimentTable) throws -> Void
  ) throws -> ExperimentTable {
    let lock = try FolderLock(sharing: folder, waits: true)
    defer { withExtendedLifetime(lock) {} }
    let table = try ExperimentTable(plan, in: folder)
    try write(table)
    return table
  }
}

extension ExperimentPlan {
  /// Why a run failed, and when.
  package struct Failure: Hashable, Sendable {
    package let message: String
    fileprivate let moment: Date?
  }

  /// How far a run is.
  package enum State: Sendable {
    case done(EpochRecord), failed(String)
    /// So many of its epochs are done, by a process that still trains it or has stopped.
    case running(Int), begun(Int)
    case waiting
  }
}

extension ExperimentPlan.Run {
  private func failureFile(in folder: String) -> String {
    "\(folder)/\(self.folder)/\(RunFiles.failure)"
  }

  func failure(in folder: String) -> ExperimentPlan.Failure? {
    let path = failureFile(in: folder)
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    let text = String(decoding: data, as: UTF8.self)
    return ExperimentPlan.Failure(
      message: text.trimmingCharacters(in: .whitespacesAndNewlines),
      moment: attributes?[.modificationDate] as? Date)
  }

  /// Notes why a run failed, or that it is tried again.
  func note(failure: String?, in folder: String) throws {
    let path = failureFile(in: folder)
    guard let failure else {
      unlink(path)
      return
    }
    try AtomicFile.replace(path, by: Array("\(failure.printable(limit: 4096))\n".utf8))
  }

  /// The result of a run, if there is one that can be read: training says what is wrong with it.
  func readableResult(in folder: String) throws -> EpochRecord? {
    do {
      return try result(in: folder)
    } catch let error as TrainingError where error.isUsage {
      throw error
    } catch {
      return nil
    }
  }

  /// How far the run in its folder below `folder` is.
  package func state(in folder: String) throws -> ExperimentPlan.State {
    if let record = try readableResult(in: folder) { return .done(record) }
    let path = "\(folder)/\(self.folder)"
    let epochs = RunFolder.records(of: path).count
    if FolderLock.isHeld(sharing: path) { return .running(epochs) }
    if let failure = failure(in: folder) { return .failed(failure.message) }
    return RunFolder.hasCheckpoint(path) ? .begun(epochs) : .waiting
  }
}
