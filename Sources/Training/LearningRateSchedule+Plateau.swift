extension LearningRateSchedule {
  /// What a plateau of accuracies has come to, as PyTorch's `ReduceLROnPlateau` counts.
  public struct Plateau: Hashable, Sendable, Codable {
    /// Epochs without a better accuracy that do not make the rate drop.
    public let patience: Int
    /// The best accuracy so far.
    public private(set) var best: Double?
    /// Epochs since it, or since the last drop.
    public private(set) var badEpochs = 0
    /// How often the rate has dropped.
    public private(set) var drops = 0

    /// A plateau that has seen nothing.
    public init(patience: Int) { self.patience = patience }

    /// Takes notice of an epoch's accuracy: it is better if it is so by 1e-4 of the best.
    public mutating func observe(_ accuracy: Double) {
      if best.map({ accuracy > $0 * (1 + 1e-4) }) ?? true {
        (best, badEpochs) = (accuracy, 0)
      } else {
        badEpochs += 1
      }
      if badEpochs > patience { (drops, badEpochs) = (drops + 1, 0) }
    }
  }
}
