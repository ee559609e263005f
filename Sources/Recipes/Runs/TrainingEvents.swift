import Autodiff
import ConViT
import Training

extension Trainer {
  /// What happens in a run, for whoever watches.
  package enum Event: Sendable {
    /// Something worth knowing about the data, the weights or what the run goes on from.
    case note(String)
    /// The run begins, or goes on.
    case started(Summary)
    /// A step of the optimiser: its record, the epoch's number of steps, images a second so far.
    case step(StepRecord, ofEpoch: Int, imagesPerSecond: Double)
    /// Images that were evaluated, of how many.
    case evaluated(Int, of: Int)
    /// An epoch ended.
    case epoch(EpochRecord, isBest: Bool)
    /// The run ended before its last epoch, and why (`early-stop`).
    case endedEarly(String)
    /// There is nothing to do: the run had ended, after so many epochs.
    case finished(Int)
  }

  /// The size of a run.
  package struct Summary: Sendable {
    /// The model, for the classes of its head.
    package let model: ViTConfiguration
    /// The numbers of the model.
    package let parameters: Int
    /// Those of them that are trained.
    package let trained: Int
    /// Images to train on.
    package let trainingImages: Int
    /// Images that an epoch visits, and how many different ones there are among them.
    package let imagesPerEpoch: (all: Int, different: Int)
    /// Images to test on, all of them evaluated after each epoch.
    package let validationImages: Int
    /// Classes of the data; the head may have more.
    package let classes: Int
    /// Steps of the optimiser in an epoch, the last perhaps on a smaller batch.
    package let stepsPerEpoch: Int
    /// Epochs of the run.
    package let epochs: Int
    /// Where a run that goes on had come to; all zero in a new run.
    package let progress: RunProgress
    /// Threads that differentiate.
    package let threads: Int
    /// The schedule's base: `lr`, scaled by images a step / 512 unless `unscaleLr`.
    package let rate: Double
    /// What the run will need of memory.
    package let memory: MemoryEstimate
    /// The precision of matrix products.
    package let precision: Precision
  }
}

/// A run that was asked to stop and has saved where it was.
package struct RunInterrupted: Error, Sendable, CustomStringConvertible {
  /// The folder of the run, which `resume` goes on with.
  package let folder: String
  /// Where it was.
  package let progress: RunProgress
  /// The time budget that did not leave enough, if that is why.
  package let budget: TimeBudget?

  /// One line.
  package var description: String {
    "\(folder): "
      + (budget.map { "the time budget of \($0) leaves no time for more: " } ?? "")
      + "stopped and saved after step \(progress.step) of epoch \(progress.epoch + 1); "
      + "--resume \(folder) goes on"
  }
}
