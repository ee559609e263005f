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
  private let errors: [Double?]  // standard errors of the means

  /// The places of candidates by their scores, `samples[candidate]`, of at least one each.
  public init(_ samples: [[Double]]) {
    checkPrecondition(
      samples.allSatisfy { !$0.isEmpty }, "RankedScores: a candidate without a score")
    let means = samples.map { values in
      values.contains { !$0.isFinite } ? -.infinity : Statistics.mean(values) ?? -.infinity
    }
    let errors = samples.map { values in
      values.allSatisfy(\.isFinite) ? Statistics.standardError(values) : nil
    }
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

  /// The probability that the mean of one candidate is above that of another, by the normal
  /// distribution of their standard errors: 1, 0 or ½ of single scores.
  public func probability(of a: Int, beating b: Int) -> Double {
    Self.probability(places[a].mean, errors[a], beats: places[b].mean, errors[b])
  }

  private static func probability(
    _ a: Double, _ errorOfA: Double?, beats b: Double, _ errorOfB: Double?
  ) -> Double {
    let error = ((errorOfA ?? 0) * (errorOfA ?? 0) + (errorOfB ?? 0) * (errorOfB ?? 0)).squareRoot()
    guard a.isFinite, b.isFinite, error > 0 else { return a > b ? 1 : a < b ? 0 : 0.5 }
    return NormalDistribution.probability(below: (a - b) / error)
  }
}
