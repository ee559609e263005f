/// What came of one step of a training.
public struct StepResult: Sendable {
  /// The mean loss over the examples.
  public let loss: Double
  /// The norm of the gradient, before it is clipped.
  public let gradientNorm: Double
  /// The examples, in the order of their batches; of several processes, in that of their ranks.
  public let examples: [Example]

  /// An example of a step.
  public struct Example: Hashable, Sendable, BitwiseCopyable {
    /// Its index in the data set.
    public let index: Int
    /// Its class; where examples are mixed, its own.
    public let label: Int
    /// Its loss.
    public let loss: Float
    /// The class with the largest logit; the first of several.
    public let predicted: Int
  }

  /// Examples whose own class is predicted, in percent.
  public var accuracy: Double {
    100 * Double(examples.count { $0.label == $0.predicted }) / Double(max(examples.count, 1))
  }
}
