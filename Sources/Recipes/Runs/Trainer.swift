import Autodiff
import ConViT
import Files
import Images
import Runs
import Training

/// Trains a model on an image folder: the library's side of `convit train`.
///
/// ```swift
/// let trainer = try Trainer(yaml: "{data-path: photos, output-dir: runs/first, resume: auto}")
/// let saved = try trainer.train { print($0) } isStopped: { deadline < .now }
/// ```
public struct Trainer: Sendable {
  let plan: TrainingPlan

  /// The settings in force; `outputDir` is the folder of the run, also of one that is resumed.
  package var configuration: TrainingConfiguration { plan.settings }

  /// Looks at everything that a run needs, and writes nothing. Keys and values are those of configs
  /// of `convit train`, and so of its flags.
  ///
  /// - Throws: `TrainingError`, `DatasetError`, `WeightsError` or `TensorFileError`.
  public init(yaml settings: String) throws {
    try self.init(TrainingConfiguration(yaml: settings, of: "settings"))
  }

  /// The same of a configuration; `found` is what
  /// `Checkpoint.requested` gives for the configuration, if it was asked.
  ///
  /// The processes of a group all make a trainer, and run it together, in `agreeing`. They are to
  /// see the same files; the first of them writes the run.
  package init(
    _ configuration: TrainingConfiguration, from found: Checkpoint.Requested? = nil,
    in group: any ProcessGroup = SingleProcess()
  ) throws {
    try configuration.validate()
    let ranks = try Ranks(group)
    plan = try TrainingPlan(
      configuration, from: found ?? Checkpoint.requested(by: configuration), ranks)
    guard ranks.count > 1 else { return }
    try RankIdentity.check(ranks.group.exchange(RankIdentity(plan)), ranks.places)
  }

  /// Trains to the last epoch, and returns the model as it is then.
  ///
  /// - Parameters:
  ///   - report: is told what happens.
  ///   - isStopped: is asked after each step; when it says yes, the run is saved and ends.
  /// - Throws: `RunInterrupted`; `TrainingError` if training diverges or a file cannot be written;
  ///   `SampleError` for an image that cannot be read. What was saved before stays.
  @discardableResult
  public func train(
    report: @escaping (String) -> Void, isStopped: @escaping () -> Bool = { false }
  ) throws -> SavedModel {
    try run({ report("\($0)") }, isStopped: isStopped)
  }

  /// The same, with events as values.
  ///
  /// An image that cannot be read before anything was saved ends the run as if it had not begun.
  /// `isStopped` is asked after each step and each batch of an evaluation; when it says yes, or
  /// `timeBudget`, which counts from the making of the trainer, leaves no time for another, the run
  /// writes a checkpoint and ends with `RunInterrupted`.
  ///
  /// A run `until` so many epochs are done evaluates after the last of them and leaves the rest to
  /// whoever resumes it; rates are those of the whole.
  @discardableResult
  package func run(
    until epochs: Int? = nil, _ report: @escaping (Event) throws -> Void = { _ in },
    isStopped: @escaping () -> Bool = { false }
  ) throws -> SavedModel {
    var observer: (any TrainingObserver)?
    return try run(until: epochs, watching: &observer, report, isStopped: isStopped)
  }

  /// The same, with an observer that looks on: what it remembers is saved with the run, and when it
  /// is satisfied the run ends. A run that has ended gives it what it then remembered.
  @discardableResult
  package func run(
    until epochs: Int? = nil, watching observer: inout (any TrainingObserver)?,
    _ report: @escaping (Event) throws -> Void, isStopped: @escaping () -> Bool = { false }
  ) throws -> SavedModel {
    do {
      return try runToEnd(report, isStopped: isStopped, until: epochs ?? .max, &observer)
    } catch let error as FileError {
      throw TrainingError(error)
    }
  }

  private func runToEnd(
    _ report: @escaping (Event) throws -> Void, isStopped: @escaping () -> Bool, until epochs: Int,
    _ observer: inout (any TrainingObserver)?
  ) throws -> SavedModel {
    let settings = plan.settings
    let progress = plan.checkpoint?.progress ?? RunProgress()
    let folder = try plan.ranks.isFirst ? makeFolder(before: progress) : nil
    for note in plan.notes { try report(.note(note)) }
    do {
      let learner = try plan.learner()
      if let checkpoint = plan.checkpoint {
        try observer?.restore(checkpoint.snapshot, of: learner.weights.tree)
      }
      let isSatisfied = observer?.isSatisfied ?? false
      guard !settings.hasEnded(progress), progress.epoch < epochs, !isSatisfied else {
        if let reason = settings.earlyEnd(progress) { try report(.note(reason)) }
        try report(.finished(progress.epoch))
        return plan.saved(learner.weights, learner.masks)
      }
      try folder?.write(settings)
      try report(.started(plan.summary(progress)))
      var run = try TrainingRun(
        plan, in: folder, from: learner, progress, until: epochs, watching: observer,
        isStopped: isStopped, report: report)
      defer { observer = run.observer }
      return try run()
    } catch let error as SampleError {
      folder?.removeUnlessUsed()
      throw error
    } catch let failure as ProcessFailure {  // of which one reason is an image, too
      folder?.removeUnlessUsed()
      throw failure
    }
  }

  private func makeFolder(before progress: RunProgress) throws -> RunFolder {
    let isLogged = plan.settings.tensorboard
    guard let checkpoint = plan.checkpoint else {
      return try RunFolder(creating: plan.folder, tensorboard: isLogged)
    }
    let step = progress.epoch * plan.stepsPerEpoch + progress.step
    return try RunFolder(resuming: checkpoint, step: step, tensorboard: isLogged)
  }
}

extension Trainer {
  package enum Event: Sendable {
    /// Something worth knowing about the data, the weights or what the run resumes from.
    case note(String)
    case started(Summary)
    /// A step of the optimiser: its record, the epoch's number of steps, images a second so far.
    case step(StepRecord, ofEpoch: Int, imagesPerSecond: Double)
    case evaluated(Int, of: Int)
    case epoch(EpochRecord, isBest: Bool)
    /// The run ended before its last epoch, and why (`early-stop`).
    case endedEarly(String)
    /// There is nothing to do: the run had ended, after so many epochs.
    case finished(Int)
  }

  package struct Summary: Sendable {
    package let model: any Architecture
    package let kind: ExampleKind
    /// The numbers of the model, and those of them that are trained.
    package let parameters, trained: Int
    package let trainingImages, validationImages: Int
    /// Images that an epoch visits, and how many different ones there are among them.
    package let imagesPerEpoch: (all: Int, different: Int)
    /// Classes of the data; the head may have more.
    package let classes: Int
    package let stepsPerEpoch, epochs: Int
    /// Where a run that is resumed had come to; all zero in a new run.
    package let progress: RunProgress
    package let threads: Int
    /// "4 ranks × 8 threads on 2 hosts"; nil for a process by itself.
    package let ranks: String?
    /// The schedule's base: `lr`, scaled by images a step / 512 unless `unscaleLr`.
    package let rate: Double
    package let memory: MemoryEstimate
    package let precision: Precision
  }
}

/// A run that was asked to stop and has saved where it was.
public struct RunInterrupted: Error, Sendable, CustomStringConvertible {
  /// The folder of the run, which `resume` takes.
  public let folder: String
  package let progress: RunProgress
  package let budget: TimeBudget?

  /// The epoch that it was in, from 0, and how many of its steps were made.
  public var place: (epoch: Int, step: Int) { (progress.epoch, progress.step) }

  /// What to do to resume.
  public var description: String {
    "\(folder): "
      + (budget.map { "the time budget of \($0) leaves no time for more: " } ?? "")
      + "stopped and saved after step \(progress.step) of epoch \(progress.epoch + 1); "
      + "--resume \(folder) resumes it"
  }
}
