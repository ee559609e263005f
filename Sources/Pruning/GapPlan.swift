import Autodiff

/// How much can go before outputs move by ε: a sparsity from predictions, which measurements
/// confirm.
public struct GapPlan: Sendable {
  /// A sparsity that was tried, with the gap that was predicted of it and the one that it makes.
  public struct Trial: Sendable, Hashable, Codable {
    /// The share that goes.
    public let sparsity: Double
    /// Its gaps; see ``OutputGap``.
    public let predicted, measured: Double
  }

  /// What was tried, in order; the last keeps ε, and is of nothing removed if nothing else does.
  public let trials: [Trial]
  /// The sparsity that was found.
  public var sparsity: Double { trials.last?.sparsity ?? 0 }

  /// Finds the largest sparsity whose predicted gap is at most ε, by bisection to 1/1024, and
  /// measures it. While what is measured is above ε, the prediction is asked for less in the
  /// proportion by which it was wrong.
  ///
  /// - Parameters:
  ///   - eps: the relative gap that may be made, above 0.
  ///   - masks: of a sparsity.
  public init(keeping eps: Double, of gap: OutputGap, masks: (Double) -> ParameterMasks) {
    checkPrecondition(eps > 0 && eps.isFinite, "GapPlan: a gap of \(eps)")
    var predictions: [Int: Double] = [:]  // by sparsity, in steps
    func predicted(_ step: Int) -> Double {
      if let known = predictions[step] { return known }
      let value = gap.predicted(masks(Double(step) / Double(Self.steps)))
      predictions[step] = value
      return value
    }
    var (trials, target, most) = ([Trial](), eps, Self.steps)
    while true {
      var (low, high) = (0, most + 1)  // low keeps the target, high does not
      while high - low > 1 {
        let middle = (low + high) / 2
        if predicted(middle) <= target { low = middle } else { high = middle }
      }
      let sparsity = Double(low) / Double(Self.steps)
      let trial = Trial(
        sparsity: sparsity, predicted: low == 0 ? 0 : predicted(low),
        measured: low == 0 ? 0 : gap.measured(masks(sparsity)))
      trials.append(trial)
      if trial.measured <= eps { break }
      target = min(target * eps / trial.measured, target * 0.98)
      most = low - 1
    }
    self.trials = trials
  }

  private static let steps = 1024
}
