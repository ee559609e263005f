import Autodiff
import DoubleNumerics
import Files
import Foundation
import Scores

/// What a search has found so far, as `search.json` and the tables have it.
package struct SearchReport: Codable, Sendable {
  /// How a score orders the candidates that were trained.
  package struct Correlation: Codable, Sendable {
    /// Its name, or `fit`: what the regression expects of each candidate from the others.
    package let score: String
    /// Kendall's τ-b with accuracy, an interval that holds it with 95 % by the bootstrap over
    /// candidates, and the probability of one as far from 0 without a connection.
    package let tau: Double
    package let interval: [Double]
    package let p: Double
    /// The accuracy of the best by the score of ten candidates, less that of a random one, in
    /// points, over 10,000 draws of ten; nil of fewer than ten.
    package let gainOfTen: Double?
    /// How far the most accurate of the three best by the score of ten candidates is below the most
    /// accurate of the ten, in points, over the same draws: what is lost if only three are trained.
    package let lossOfThree: Double?
  }

  package struct Candidate: Codable, Sendable {
    package let name: String
    /// Top-1 in percent, if it was trained, after so many epochs.
    package let accuracy: Double?
    package let epochs: Int?
    /// Whether that was the whole training, and not a rung of successive halving.
    package let isComplete: Bool
    /// What the fit expects, if enough are trained; of a trained one, the fit to the others.
    package let predicted: Double?
    package let scores: [String: Double]
    /// Why its training failed, if it has.
    package let failure: String?
  }

  package let title: String
  /// The score that orders candidates without a calibration, and all that there are.
  package let method: String
  package let scores: [String]
  package let scored, trained: Int
  /// Seconds of training, of all starts.
  package let trainingSeconds: Double
  /// What this start has cost.
  package let scoring, training: Cost
  /// Over how many candidates correlations are: those of the calibration, or without one all that
  /// are trained to the end, of which some were chosen.
  package let correlated: Int
  package let correlations: [Correlation]
  /// The most accurate first, then those that were trained a part of the way, then those that were
  /// not trained, in the order of training.
  package let candidates: [Candidate]
  package let fronts: [Front]

  /// The candidates that no other is both cheaper and at least as accurate as: the Pareto front.
  package struct Front: Codable, Sendable {
    /// What is paid: `params`, `macs` or `ms`.
    package let cost: String
    /// The names of the candidates, the cheapest first.
    package let candidates: [String]
  }
}

extension SearchRun {
  package var report: SearchReport {
    let (prediction, accuracies) = (prediction, accuracies)
    func place(_ candidate: Int) -> (Int, Double, Int) {
      let outcome = outcomes[candidate]
      let epochs = outcome?.isComplete == true ? Int.max : outcome?.epochs ?? 0
      return (epochs, outcome?.accuracy ?? 0, -candidate)
    }
    let trained = outcomes.keys.sorted { place($0) > place($1) }
    let correlated = accuracies.keys.sorted().filter { calibration < 3 || $0 < calibration }
    let rest = order(by: prediction).filter { outcomes[$0] == nil }
    return SearchReport(
      title: space.title, method: method.rawValue,
      scores: Score.allCases.filter { scores.first?[$0] != nil }.map(\.rawValue),
      scored: candidates.count, trained: accuracies.count,
      trainingSeconds: outcomes.values.reduce(0) { $0 + $1.seconds }, scoring: scoring,
      training: training, correlated: correlated.count, correlations: correlations(correlated),
      candidates: (trained + rest).map { candidate in
        var values: [String: Double] = [:]
        for score in Score.allCases { values[score.rawValue] = mean(candidate, score) }
        let outcome = outcomes[candidate]
        return SearchReport.Candidate(
          name: candidates[candidate].name, accuracy: outcome?.accuracy, epochs: outcome?.epochs,
          isComplete: outcome?.isComplete ?? false, predicted: prediction?[candidate],
          scores: values, failure: failures[candidate])
      },
      fronts: Score.costs.compactMap { cost in
        let front = front(by: cost).map { candidates[$0].name }
        return front.isEmpty ? nil : SearchReport.Front(cost: cost.rawValue, candidates: front)
      })
  }

  /// The trained candidates that are more accurate than every cheaper one, the cheapest first.
  private func front(by cost: Score) -> [Int] {
    let accuracies = accuracies
    let paid = accuracies.keys.compactMap { candidate in
      mean(candidate, cost).map {
        (candidate: candidate, cost: $0, accuracy: accuracies[candidate]!)
      }
    }
    let order = paid.sorted {
      ($0.cost, $1.accuracy, $0.candidate) < ($1.cost, $0.accuracy, $1.candidate)
    }
    var (best, front) = (-Double.infinity, [Int]())
    for point in order where point.accuracy > best {
      best = point.accuracy
      front.append(point.candidate)
    }
    return front
  }

  private func correlations(_ trained: [Int]) -> [SearchReport.Correlation] {
    guard trained.count >= 3 else { return [] }
    let all = accuracies
    let accuracies = trained.map { all[$0] ?? 0 }
    var rows: [(name: String, values: [Double])] = Score.allCases.compactMap { score in
      guard scores[0][score] != nil else { return nil }
      return (score.rawValue, trained.map { mean($0, score) ?? -.infinity })
    }
    if let fit = prediction(from: trained) { rows.append(("fit", trained.map { fit[$0] })) }
    return rows.compactMap { name, values in
      guard let found = RankCorrelation.kendall(values, accuracies) else { return nil }
      var generator = Random(seed: 0).split("tau")
      let interval = Statistics.bootstrapInterval(
        count: trained.count, draws: 2000, using: &generator
      ) { sample in
        RankCorrelation.kendall(sample.map { values[$0] }, sample.map { accuracies[$0] })?
          .coefficient
      }
      let ofTen = ChoiceOfTen(scores: values, accuracies: accuracies)
      return SearchReport.Correlation(
        score: name, tau: found.coefficient,
        interval: interval.map { [$0.lowerBound, $0.upperBound] } ?? [], p: found.p,
        gainOfTen: ofTen?.gain, lossOfThree: ofTen?.lossOfThree)
    }
  }
}

extension SearchReport {
  package var csv: String {
    let names = Score.allCases.map(\.rawValue).filter { name in
      candidates.contains { $0.scores[name] != nil }
    }
    let head = ["candidate", "accuracy", "epochs", "predicted"] + names
    return CSV.table(
      [head.map { CSV.cell($0) }]
        + candidates.map { candidate in
          [
            CSV.cell(candidate.name), CSV.cell(candidate.accuracy),
            candidate.epochs.map(String.init) ?? "", CSV.cell(candidate.predicted),
          ] + names.map { CSV.cell(candidate.scores[$0]) }
        })
  }
}
