/// Says when a run must stop to be saved before its time budget is over.
///
/// What lies between two looks at the clock, a step or a batch of an evaluation, is a piece of
/// work. The run stops when the longest piece so far and the longest checkpoint so far might no
/// longer fit.
struct BudgetClock {
  private let end: ContinuousClock.Instant
  private var last: ContinuousClock.Instant
  private var longestPiece = Duration.zero
  private var saving: Duration

  /// Bytes a second that a disk takes at least, for the first checkpoint.
  private static let slowDisk = 100e6

  /// A clock at the first piece of work, with about what a first checkpoint will have.
  init(
    _ budget: TimeBudget, from begin: ContinuousClock.Instant, now: ContinuousClock.Instant,
    checkpointBytes: Int
  ) {
    end = begin + .seconds(budget.seconds)
    last = now
    saving = .seconds(Double(checkpointBytes) / Self.slowDisk)
  }

  /// Whether another piece of work might last until the budget is over.
  mutating func isUp(at now: ContinuousClock.Instant) -> Bool {
    longestPiece = max(longestPiece, now - last)
    last = now
    return now + longestPiece + saving >= end
  }

  mutating func saved(in duration: Duration) { saving = max(saving, duration) }
}
