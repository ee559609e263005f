/// A line of `steps.jsonl`.
public struct StepRecord: Sendable, Codable, Hashable {
  /// The epoch, from 0.
  public let epoch: Int
  /// The step since the start of the run, from 0.
  public let step: Int
  /// The loss of the batch, smoothing included, before the step.
  public let loss: Double
  /// The learning rate of the step.
  public let lr: Double

  /// A line from its numbers.
  package init(epoch: Int, step: Int, loss: Double, lr: Double) {
    (self.epoch, self.step, self.loss, self.lr) = (epoch, step, loss, lr)
  }
}
