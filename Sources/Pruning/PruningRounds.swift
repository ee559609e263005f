import Autodiff

/// Pruning in rounds, with training after each: how much is gone after which.
///
/// s_t = s_n + (s_0 − s_n) · (1 − t/n)³ after round t of n, where s_0 was gone before the first
/// (Zhu and Gupta 2017, arXiv:1710.01878, equation 1).
///
/// ```swift
/// let rounds = PruningRounds(5, to: 0.8)
/// for round in 1...5 {
///   let share = rounds.share(after: round, from: rule.share(removedBy: masks))
///   masks = rule.masks(of: learner.weights, sparsity: share, after: masks)
///   learner.mask(by: masks)
///   // … train
/// }
/// ```
public struct PruningRounds: Sendable, Hashable {
  /// How many there are.
  public let count: Int
  /// The share that is gone after the last.
  public let share: Double

  /// - Precondition: there is one round at least, and the share is in 0 ... 1.
  public init(_ count: Int, to share: Double) {
    checkPrecondition(
      count > 0 && (0...1).contains(share), "PruningRounds: \(count) rounds to \(share)")
    (self.count, self.share) = (count, share)
  }

  /// The share that is gone after round `round`, from 1, of what had `before` gone after the round
  /// before: what is left to go shrinks by ((n − t) / (n − t + 1))³, which makes (1 − t/n)³ of all
  /// rounds. So what masks say is all that has to be known of earlier rounds.
  public func share(after round: Int, from before: Double) -> Double {
    checkPrecondition(
      (1...count).contains(round), "PruningRounds: round \(round) of \(count)")
    guard before < share else { return share }
    let left = Double(count - round) / Double(count - round + 1)
    return share - (share - before) * left * left * left
  }

  /// The rounds that are made once an epoch (from 0) of so many begins: the first with the first,
  /// the others spread over all.
  public func made(at epoch: Int, of epochs: Int) -> Int {
    min(epoch * count / max(epochs, 1) + 1, count)
  }
}
