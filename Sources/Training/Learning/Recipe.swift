import Autodiff

/// How a model is trained: everything but the model, the data and the rate of each step.
///
/// ```swift
/// var recipe = Recipe { AdamW($0, weightDecay: 0.05) }
/// recipe.clipping = .norm(1)
/// recipe.averageDecay = 0.999
/// recipe.pass.frozen = !.named("head.*")
/// ```
public struct Recipe: Sendable {
  /// Makes the optimiser of a model's parameters.
  public var optimizer: @Sendable (ParameterTree) -> any Optimizer
  /// What is to become small.
  public var objective: any Objective
  /// How examples are mixed with each other; nil: they are not.
  public var mixing: Mixing?
  /// How gradients that are too large are made smaller; nil: they are not.
  public var clipping: Clipping?
  /// How much a moving average of the weights keeps of itself in each step; nil: none is kept.
  public var averageDecay: Double?
  /// Whether that is less in the first steps; see `MovingAverage`.
  public var averageWarmsUp = false
  /// The precision, what is frozen, whether blocks are computed once more. Its randomness is
  /// replaced in each step.
  public var pass = Pass()
  /// How batches are cut, which decides about the last bits; nil: by the model and the batch.
  public var shards: Shards?
  /// What dropout depends on, beside epoch and example.
  public var seed: UInt64 = 0

  /// A recipe without mixing, clipping or average.
  public init(
    objective: any Objective = CrossEntropy(),
    optimizer: @escaping @Sendable (ParameterTree) -> any Optimizer
  ) {
    (self.objective, self.optimizer) = (objective, optimizer)
  }
}
