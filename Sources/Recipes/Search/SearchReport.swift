import Autodiff
import DoubleNumerics
import Files
import Foundation
import Scores

/// What a search has found so far, as `search.json` and the tables have it.
package struct SearchReport: Codable, Sendable {
  /// How a score orders the candidates that were trained.
  package struct Correlation: Codable, Sendable {
    package let score: String
    /// Kendall's τ-b with accuracy, an interval that holds it with 95 % by the bootstrap over
    /// candidates, and the probability of one as far from 0 without a connection.
    package let tau: Double
    package let interval: [Double]
    package let p: Double
    /// The accuracy of the best by the score of ten candidates, less that of a random one, in
    /// points, over 10,000 draws of ten; nil of fewer than ten.
    package let gainOfTen: Double?
  }

  package struct Candidate: Codable, Sendable {
    package let name: String
    /// Top-1 in percent, if it was trained.
    package let accuracy: Double?
    /// What the fit expects, if enough are trained.
    package let predicted: Double?
    package let scores: [String: Double]
  }

  package let title: String
  package let scored, trained: Int
  package let scoringSeconds, trainingSeconds: Double
  package let correlations: [Correlation]
  /// The most accurate first, then those that were not trained, in the order of training.
  package let candidates: [Candidate]
}

extension SearchRun {
  package var report: SearchReport {
    let prediction = prediction
    let trained = accuracies.keys.sorted { (accuracies[$0]!, $1) > (accuracies[$1]!, $0) }
    let rest = order(by: prediction).filter { accuracies[$0] == nil }
    return SearchReport(
      title: space.title, scored: candidates.count, trained: trained.count,
      scoringSeconds: scoringSeconds, trainingSeconds: trainingSeconds,
      correlations: correlations(trained.sorted()),
      candidates: (trained + rest).map { candidate in
        var values: [String: Double] = [:]
        for score in Score.allCases { values[score.rawValue] = mean(candidate, score) }
        return SearchReport.Candidate(
          name: candidates[candidate].name, accuracy: accuracies[candidate],
          predicted: prediction?[candidate], scores: values)
      })
  }

  private func correlations(_ trained: [Int]) -> [SearchReport.Correlation] {
    guard trained.count >= 3 else { return [] }
    let accuracies = trained.map { self.accuracies[$0] ?? 0 }
    return Score.allCases.compactMap { score in
      guard scores[0][score] != nil else { return nil }
      let values = trained.map { mean($0, score) ?? -.infinity }
      guard let found = RankCorrelation.kendall(values, accuracies) else { return nil }
      var generator = Random(seed: 0).split("tau")
      let interval = Statistics.bootstrapInterval(
        count: trained.count, draws: 2000, using: &generator
      ) { sample in
        RankCorrelation.kendall(sample.map { values[$0] }, sample.map { accuracies[$0] })?
          .coefficient
      }
      return SearchReport.Correlation(
        score: score.rawValue, tau: found.coefficient,
        interval: interval.map { [$0.lowerBound, $0.upperBound] } ?? [], p: found.p,
        gainOfTen: gainOfTen(values, accuracies))
    }
  }

  private func gainOfTen(_ values: [Double], _ accuracies: [Double]) -> Double? {
    guard values.count >= 10 else { return nil }
    var random = Random(seed: 0).split("ten")
    let mean = accuracies.reduce(0, +) / Double(accuracies.count)
    let gains = (0..<10_000).map { _ in
      let ten = random.permutation(values.count).prefix(10)
      let best = ten.max { (values[$0], $1) < (values[$1], $0) } ?? 0
      return accuracies[best] - mean
    }
    return gains.reduce(0, +) / Double(gains.count)
  }
}

extension SearchReport {
  package var csv: String {
    let names = Score.allCases.map(\.rawValue).filter { name in
      candidates.contains { $0.scores[name] != nil }
    }
    let head = ["candidate", "accuracy", "predicted"] + names
    return CSV.table(
      [head.map { CSV.cell($0) }]
        + candidates.map { candidate in
          [
            CSV.cell(candidate.name), CSV.cell(candidate.accuracy), CSV.cell(candidate.predicted),
          ] + names.map { CSV.cell(candidate.scores[$0]) }
        })
  }
}
