import Files
import Foundation

extension TrainingConfiguration {
  /// Whether a run that has come so far has ended: with its last epoch, or early.
  func hasEnded(_ progress: RunProgress) -> Bool {
    progress.epoch >= scaled.schedule.totalEpochs || endsEarly(progress)
  }

  /// Whether `early-stop` ends a run that has come so far.
  func endsEarly(_ progress: RunProgress) -> Bool {
    schedule.earlyStop.map { progress.stale >= $0 } ?? false
  }

  /// Why it does.
  func earlyEnd(_ progress: RunProgress) -> String? {
    guard endsEarly(progress) else { return nil }
    let evaluations = counted(progress.stale, "evaluation", "evaluations")
    return "ended early after epoch \(progress.epoch) of \(scaled.schedule.totalEpochs): "
      + "no better accuracy than \(String(format: "%.2f", progress.best)) % in \(evaluations)"
  }

  /// Whether the model is evaluated after `done` epochs: every so many, and after the last.
  func isEvaluated(after done: Int) -> Bool {
    done % running.evalEvery == 0 || done == scaled.schedule.totalEpochs
  }
}
