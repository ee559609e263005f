extension LearningRateSchedule {
  /// What a plateau of accuracies has come to, as PyTorch's `ReduceLROnPlateau` counts.
  public struct Plateau: Hashable, Sendable {
    /// The best accuracy so far; −∞ before the first.
    public package(set) var best = -Double.infinity
    /// Evaluations since it, or since the last drop.
    public package(set) var badEpochs = 0
    /// How often the rate has dropped.
    public package(set) var drops = 0

    /// A plateau that has seen nothing.
    public init() {}

    /// Takes notice of an evaluation's accuracy, which is better if it is so by 1e-4 of the best;
    /// after more than `patience` evaluations that are not better the rate drops.
    public mutating func observe(_ accuracy: Double, patience: Int) {
      if accuracy > best * (1 + 1e-4) {
        (best, badEpochs) = (accuracy, 0)
      } else {
        badEpochs += 1
      }
      if badEpochs > patience { (drops, badEpochs) = (drops + 1, 0) }
    }
  }
}
