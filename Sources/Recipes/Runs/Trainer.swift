import ConViT
import Files
import Images
import Training

/// Trains a model on an image folder: the library's side of `convit train`.
///
/// ```swift
/// var configuration = TrainingConfiguration()
/// configuration.dataPath = "data/fashion-mnist"
/// configuration.outputDir = "runs/first"
/// configuration.resume = "auto"  // goes on if it was interrupted
/// try Trainer(configuration).run { event in print(event) }
/// ```
package struct Trainer: Sendable {
  let plan: TrainingPlan

  /// The settings in force; `outputDir` is the folder of the run, also of one that goes on.
  package var configuration: TrainingConfiguration { plan.settings }

  /// Looks at everything that a run needs, and writes nothing.
  ///
  /// - Parameter found: what `Checkpoint.requested` gives for the configuration, if it was asked.
  /// - Throws: `TrainingError`, `DatasetError`, `WeightsError` or `SafetensorsError`.
  package init(
    _ configuration: TrainingConfiguration, from found: Checkpoint.Requested? = nil
  ) throws {
    try configuration.validate()
    plan = try TrainingPlan(
      configuration, from: found ?? Checkpoint.requested(by: configuration))
  }

  /// Trains to the last epoch, and returns the model as it is then.
  ///
  /// An image that cannot be read before anything was saved ends the run as if it had not begun.
  ///
  /// - Parameters:
  ///   - report: told what happens.
  ///   - isStopped: asked after each step and each batch of an evaluation; when it says yes, or
  ///     `timeBudget`, which counts from the making of the trainer, leaves no time for another, the
  ///     run writes a checkpoint and ends with `RunInterrupted`.
  /// - Throws: `RunInterrupted`; `TrainingError` if training diverges; `SampleError` for an image
  ///   that cannot be read; `SafetensorsError` or `TrainingError` if weights or something else
  ///   cannot be written. What was saved before stays.
  @discardableResult
  package func run(
    _ report: @escaping (Event) throws -> Void = { _ in },
    isStopped: @escaping () -> Bool = { false }
  ) throws -> SavedModel {
    do {
      return try train(report, isStopped: isStopped)
    } catch let error as FileError {
      throw TrainingError(error)
    }
  }

  private func train(
    _ report: @escaping (Event) throws -> Void, isStopped: @escaping () -> Bool
  ) throws -> SavedModel {
    let settings = plan.settings
    let progress = plan.checkpoint?.progress ?? RunProgress()
    let folder =
      try plan.checkpoint.map {
        let step = progress.epoch * plan.stepsPerEpoch + progress.step
        return try RunFolder(resuming: $0, step: step, tensorboard: settings.tensorboard)
      } ?? RunFolder(creating: plan.folder, tensorboard: settings.tensorboard)
    for note in plan.notes { try report(.note(note)) }
    do {
      let learner = try plan.learner()
      guard !settings.hasEnded(progress) else {
        if let reason = settings.earlyEnd(progress) { try report(.note(reason)) }
        try report(.finished(progress.epoch))
        return plan.saved(learner.weights)
      }
      try folder.write(settings)
      try report(.started(plan.summary(progress)))
      var run = try TrainingRun(
        plan, in: folder, from: learner, progress, isStopped: isStopped, report: report)
      return try run()
    } catch let error as SampleError {
      folder.removeUnlessUsed()
      throw error
    }
  }
}
