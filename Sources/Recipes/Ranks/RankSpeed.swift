import Autodiff
import Runs
import Training

/// How fast a process is in an epoch, from its first step here to the last.
struct RankSpeed {
  /// The images that it has trained on.
  var images = 0
  private let begin = ContinuousClock.now
  private let waitedBefore: Duration
  private var record = RankRecord(imagesPerSecond: 0, waiting: 0)

  init(_ ranks: Ranks) { waitedBefore = ranks.waited }

  /// Notes that the last step is made.
  mutating func end(_ ranks: Ranks) {
    let seconds = (ContinuousClock.now - begin) / .seconds(1)
    let waiting = (ranks.waited - waitedBefore) / .seconds(1)
    record = RankRecord(imagesPerSecond: Double(images) / seconds, waiting: waiting / seconds)
  }

  private struct Report: Codable { let speed: RankRecord, weights: String }

  /// The speeds of all processes of a run, if there are several.
  ///
  /// - Throws: `TrainingError` if they have not the same weights any more.
  func records(
    of weights: ParameterStore, after epochs: Int, _ ranks: Ranks
  ) throws -> [RankRecord] {
    guard ranks.count > 1 else { return [] }
    let all = try ranks.group.exchange(Report(speed: record, weights: weights.digest))
    if let other = all.firstIndex(where: { $0.weights != all[0].weights }) {
      throw TrainingError(
        "after epoch \(epochs) the weights of rank \(other) on \(ranks.places[other].host) are not "
          + "those of rank 0: its memory or its MPI library is at fault; --resume goes back to the "
          + "last checkpoint")
    }
    return all.map(\.speed)
  }
}
