import DoubleNumerics
import Files
import Foundation
import Scores

/// The scores of candidates, in the order of one of them.
package struct ScoreTable: Sendable {
  package let names: [String]
  /// The score that decides about the order.
  package let method: Score
  package let scores: [Score]
  private let ranked: [Score: RankedScores]
  private let patches: [Int]

  /// - Parameters:
  ///   - samples: by candidate, each score as often as it was taken.
  ///   - patches: those of an image, by candidate.
  package init(
    _ names: [String], _ samples: [[Score: [Double]]], by method: Score, patches: [Int] = []
  ) {
    (self.names, self.method, self.patches) = (names, method, patches)
    scores = Score.allCases.filter { samples.first?[$0] != nil }
    ranked = scores.reduce(into: [:]) { ranked, score in
      ranked[score] = RankedScores(
        samples.map { sample in
          let values = sample[score] ?? [.nan]
          return score.isExact ? [values[0], values[0]] : values
        })
    }
  }

  /// The candidates, the best first.
  package var order: [Int] { order(by: method) }

  package func order(by score: Score) -> [Int] { ranked[score]?.order ?? Array(names.indices) }

  package func place(_ candidate: Int, by score: Score) -> RankedScores.Place? {
    ranked[score]?.places[candidate]
  }

  /// The probability that the mean of the candidate at a rank is above that of the next.
  package func probability(ofRank rank: Int) -> Double? {
    guard rank < order.count else { return nil }
    return probability(of: order[rank - 1], beating: order[rank], by: method)
  }

  /// The probability that the mean of a candidate is above that of another.
  package func probability(of a: Int, beating b: Int, by score: Score) -> Double? {
    ranked[score]?.probability(of: a, beating: b)
  }

  /// Kendall's τ between two scores over the candidates.
  package func correlation(_ a: Score, _ b: Score) -> Double? {
    guard let a = ranked[a]?.places, let b = ranked[b]?.places else { return nil }
    return RankCorrelation.kendall(a.map(\.mean), b.map(\.mean))?.coefficient
  }

  /// What to know before one believes the order.
  package var notes: [String] { [sizeNote, patchNote].compactMap { $0 } }

  private var patchNote: String? {
    guard method == .naswot, let least = patches.min(), let most = patches.max(), least < most
    else { return nil }
    return
      "the candidates have \(least) to \(most) patches, and naswot is higher for more of them: "
      + "compare candidates of equal numbers, or use naswot-normalized"
  }

  /// A score whose order is mostly that of the sizes says little that they do not.
  private var sizeNote: String? {
    guard !method.isExact else { return nil }
    for size in [Score.parameters, .multiplyAdds] {
      guard names.count > 2, let tau = correlation(method, size), tau > 0.9 else { continue }
      let what = size == .parameters ? "the number of parameters does" : "the multiply-adds do"
      return "\(method.rawValue) orders these candidates as \(what) (Kendall's tau "
        + String(format: "%.2f", tau) + "): it says little that the size does not"
    }
    return nil
  }

  package var csv: String {
    let head =
      ["candidate"]
      + scores.flatMap { ["\($0.rawValue)", "\($0.rawValue) ±", "\($0.rawValue) rank"] }
    return CSV.table(
      [head.map { CSV.cell($0) }]
        + order.map { candidate in
          [CSV.cell(names[candidate])]
            + scores.flatMap { score in
              let place = place(candidate, by: score)
              return [CSV.cell(place?.mean), CSV.cell(place?.deviation), "\(place?.rank ?? 0)"]
            }
        })
  }

  /// For `--json` and `scores.json`; the candidates are in their order.
  package struct Report: Codable, Sendable {
    package struct Value: Codable, Sendable {
      /// Nil where it is −∞: two images that cannot be told apart.
      package let mean, deviation: Double?
      package let rank: Int
      package let rankInterval: [Int]
    }
    package struct Candidate: Codable, Sendable {
      package let name: String
      package let scores: [String: Value]
      /// The probability that its mean is above that of the next, by the method; nil of the last.
      package let beatsNext: Double?
    }
    package let method: String
    package let candidates: [Candidate]
    /// Kendall's τ of the method with each score.
    package let correlations: [String: Double]
    package let notes: [String]
  }

  package var report: Report {
    Report(
      method: method.rawValue,
      candidates: order.enumerated().map { index, candidate in
        var values: [String: Report.Value] = [:]
        for score in scores {
          guard let place = place(candidate, by: score) else { continue }
          values[score.rawValue] = Report.Value(
            mean: place.mean.isFinite ? place.mean : nil, deviation: place.deviation,
            rank: place.rank, rankInterval: [place.interval.lowerBound, place.interval.upperBound])
        }
        return Report.Candidate(
          name: names[candidate], scores: values, beatsNext: probability(ofRank: index + 1))
      },
      correlations: scores.reduce(into: [:]) { $0[$1.rawValue] = correlation(method, $1) },
      notes: notes)
  }
}
