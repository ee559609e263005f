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

  /// What was measured; the last is what was found, and is of nothing removed if nothing keeps ε.
  public let trials: [Trial]
  /// The sparsity that was found.
  public var sparsity: Double { trials.last?.sparsity ?? 0 }

  /// Finds the largest sparsity, to 1/1024, whose measured gap is at most ε, if the gap rises with
  /// the sparsity.
  ///
  /// It begins where the predicted gap is ε, by bisection. While what is measured is above ε, the
  /// prediction is asked for less in the proportion by which it was wrong; from the first that
  /// keeps ε, sparsities up to the next that does not are bisected by measurements. All weights
  /// never go.
  ///
  /// - Parameters:
  ///   - eps: the relative gap that may be made, above 0.
  ///   - gap: measures and predicts.
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
    var (trials, target, most) = ([Trial](), eps, Self.steps - 1)
    func measure(_ step: Int) -> Trial {
      let sparsity = Double(step) / Double(Self.steps)
      return Trial(
        sparsity: sparsity, predicted: step == 0 ? 0 : predicted(step),
        measured: step == 0 ? 0 : gap.measured(masks(sparsity)))
    }
    var kept = 0
    while true {
      var (low, high) = (0, most + 1)  // low keeps the target, high does not
      while high - low > 1 {
        let middle = (low + high) / 2
        if predicted(middle) <= target { low = middle } else { high = middle }
      }
      let trial = measure(low)
      trials.append(trial)
      kept = low
      if trial.measured <= eps { break }
      target = min(target * eps / trial.measured, target * 0.98)
      most = low - 1
    }
    var best = trials.removeLast()
    var fails = most + 1
    while fails - kept > 1 {
      let middle = (kept + fails) / 2
      let trial = measure(middle)
      if trial.measured <= eps {
        trials.append(best)
        (kept, best) = (middle, trial)
      } else {
        trials.append(trial)
        fails = middle
      }
    }
    self.trials = trials + [best]
  }

  private static let steps = 1024
}
