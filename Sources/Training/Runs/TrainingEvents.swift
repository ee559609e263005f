import Autodiff
import ConViT

extension Trainer {
  /// What happens in a run, for whoever watches.
  public enum Event: Sendable {
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
  public struct Summary: Sendable {
    /// The model, for the classes of its head.
    public let model: ViTConfiguration
    /// The numbers of the model.
    public let parameters: Int
    /// Those of them that are trained.
    public let trained: Int
    /// Images to train on.
    public let trainingImages: Int
    /// Images that an epoch visits, and how many different ones there are among them.
    public let imagesPerEpoch: (all: Int, different: Int)
    /// Images to test on, all of them evaluated after each epoch.
    public let validationImages: Int
    /// Classes of the data; the head may have more.
    public let classes: Int
    /// Steps of the optimiser in an epoch, the last perhaps on a smaller batch.
    public let stepsPerEpoch: Int
    /// Epochs of the run.
    public let epochs: Int
    /// Where a run that goes on had come to; all zero in a new run.
    public let progress: RunProgress
    /// Threads that differentiate.
    public let threads: Int
    /// The schedule's base: `lr`, scaled by images a step / 512 unless `unscaleLr`.
    public let rate: Double
    /// What the run will need of memory.
    public let memory: MemoryEstimate
    /// The precision of matrix products.
    public let precision: Precision
  }
}

/// A run that was asked to stop and has saved where it was.
public struct RunInterrupted: Error, Sendable, CustomStringConvertible {
  /// The folder of the run, which `resume` goes on with.
  public let folder: String
  /// Where it was.
  public let progress: RunProgress
  /// The time budget that did not leave enough, if that is why.
  public let budget: TimeBudget?

  /// One line.
  public var description: String {
    "\(folder): "
      + (budget.map { "the time budget of \($0) leaves no time for more: " } ?? "")
      + "stopped and saved after step \(progress.step) of epoch \(progress.epoch + 1); "
      + "--resume \(folder) goes on"
  }
}
