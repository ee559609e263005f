import ConViT
import Files
import Foundation
import Images
import Safetensors
import Training

/// What one of the processes on a folder does with the runs below it: it takes those that are still
/// to be made and that no other has, and passes over those that fail.
package struct RunAttempts: Sendable {
  private let folder: String
  /// Failures from before this process began, which it tries again.
  private let old: [String: ExperimentPlan.Failure]  // by the run's folder

  package init(of runs: [ExperimentPlan.Run], in folder: String) {
    self.folder = folder
    old = runs.reduce(into: [:]) { $0[$1.folder] = $1.failure(in: folder) }
  }

  /// Has `train` train a run, unless it `isDone` or has failed since this process began; false if
  /// another process has it now.
  ///
  /// An error of the run, or that it is not done after all, is noted in its folder, and others may
  /// continue; any other error is thrown. What was trained has `ended`, perhaps with an error.
  package func callAsFunction(
    _ run: ExperimentPlan.Run, unless isDone: () throws -> Bool, train: () throws -> Void,
    ended: ((any Error)?) throws -> Void
  ) throws -> Bool {
    if try isSettled(run, isDone) { return true }
    guard let lock = try FolderLock(sharing: "\(folder)/\(run.folder)") else { return false }
    defer { withExtendedLifetime(lock) {} }
    if try isDone() || failure(of: run) != nil { return true }  // another had it in between
    try run.note(failure: nil, in: folder)
    var failure: (any Error)?
    do {
      try train()
    } catch  where Self.isFailure(error) {
      failure = error
    }
    if try failure == nil && !isDone() {
      failure = TrainingError(
        "the run has ended, and log.jsonl in its folder has no result that can be read: remove the "
          + "folder to train it anew")
    }
    if let failure { try run.note(failure: "\(failure)", in: folder) }
    try ended(failure)
    return true
  }

  /// Whether a run is done, or has failed since this process began and no other tries it again.
  func isSettled(_ run: ExperimentPlan.Run, _ isDone: () throws -> Bool) rethrows -> Bool {
    if try isDone() { return true }
    return failure(of: run) != nil && !FolderLock.isHeld(sharing: "\(folder)/\(run.folder)")
  }

  /// Why a run has failed since this process began, if it has.
  package func failure(of run: ExperimentPlan.Run) -> String? {
    guard let failure = run.failure(in: folder), failure != old[run.folder] else { return nil }
    return failure.message
  }

  /// Whether an error is one of the run: not a wish to stop, and not about the images of all.
  private static func isFailure(_ error: any Error) -> Bool {
    error is TrainingError || error is SampleError || error is WeightsError
      || error is TensorFileError
  }
}
