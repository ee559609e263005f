import Autodiff
import DoubleNumerics

/// Candidates in the order of a score that was taken several times, from other starts and batches,
/// and how sure that order is.
public struct RankedScores: Sendable {
  /// A candidate's place among others.
  public struct Place: Sendable, Hashable {
    /// Of its scores; −∞ if one of them is, and last then.
    public let mean: Double
    /// Their standard deviation; nil of a single one, and where one is not finite.
    public let deviation: Double?
    /// From 1, the highest mean.
    public let rank: Int
    /// The ranks that are left when candidates count that are better or worse with a probability
    /// of at least 0.975.
    public let interval: ClosedRange<Int>
  }

  /// By candidate, as they were given.
  public let places: [Place]
  /// The candidates from the highest mean on; equal ones as they were given.
  public let order: [Int]
  private let errors: [MeanError?]  // of the means; nil of single scores, of which none is known

  /// The places of candidates by their scores, `samples[candidate]`, of at least one each.
  public init(_ samples: [[Double]]) {
    checkPrecondition(
      samples.allSatisfy { !$0.isEmpty }, "RankedScores: a candidate without a score")
    let means = samples.map { values in
      values.contains { !$0.isFinite } ? -.infinity : Statistics.mean(values) ?? -.infinity
    }
    let errors = samples.map(MeanError.init)
    let order = means.indices.sorted { (means[$0], $1) > (means[$1], $0) }
    let ranks = order.enumerated().reduce(into: Array(repeating: 0, count: means.count)) {
      $0[$1.element] = $1.offset + 1
    }
    places = means.indices.map { index in
      let beating = means.indices.map { other in
        Self.probability(means[other], errors[other], beats: means[index], errors[index])
      }
      let others = means.indices.filter { $0 != index }
      let first = 1 + others.count { beating[$0] >= 0.975 }
      let last = 1 + others.count { beating[$0] > 0.025 }
      return Place(
        mean: means[index],
        deviation: means[index].isFinite ? Statistics.deviation(samples[index]) : nil,
        rank: ranks[index], interval: min(first, ranks[index])...max(last, ranks[index]))
    }
    (self.order, self.errors) = (order, errors)
  }

  /// The probability that the mean of one candidate is above that of another, by Student's t
  /// distribution of their difference (Welch 1947); ½ where one of them has a single score, which
  /// says nothing of its error.
  public func probability(of a: Int, beating b: Int) -> Double {
    Self.probability(places[a].mean, errors[a], beats: places[b].mean, errors[b])
  }

  private static func probability(
    _ a: Double, _ errorOfA: MeanError?, beats b: Double, _ errorOfB: MeanError?
  ) -> Double {
    func byMeans() -> Double { a > b ? 1 : a < b ? 0 : 0.5 }
    guard a.isFinite, b.isFinite else { return byMeans() }
    guard let errorOfA, let errorOfB else { return 0.5 }
    let errors = [errorOfA, errorOfB]
    let square = errors.reduce(0) { $0 + $1.square }
    guard square > 0 else { return byMeans() }
    // The degrees of freedom of Welch and Satterthwaite, rounded down: rather too unsure.
    let freedom =
      square * square
      / errors.reduce(0) { $0 + $1.square * $1.square / Double($1.degreesOfFreedom) }
    let student = StudentDistribution(degreesOfFreedom: Swift.max(1, Int(freedom + 1e-9)))
    let beyond = student.probability(beyond: (a - b) / square.squareRoot()) / 2
    return a > b ? 1 - beyond : beyond
  }

  /// The squared standard error of a mean, and the degrees of freedom that it has.
  private struct MeanError {
    let square: Double
    let degreesOfFreedom: Int

    /// Nil of a single score, and where one is not finite.
    init?(_ samples: [Double]) {
      guard samples.allSatisfy(\.isFinite), let error = Statistics.standardError(samples) else {
        return nil
      }
      (square, degreesOfFreedom) = (error * error, samples.count - 1)
    }
  }
}
