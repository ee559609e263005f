import Autodiff
import DoubleNumerics
import Files
import Foundation
import Runs
import Scores
import Training

/// A search: candidates of a space, their scores, and the accuracies of those that were trained.
package struct SearchRun: Sendable {
  package let space: SearchSpace
  package private(set) var candidates: [SearchSpace.Candidate] = []
  /// The score that ranks candidates while nothing better is known.
  package let method: Score
  package private(set) var scores: [[Score: [Double]]] = []
  package private(set) var scoringSeconds = 0.0
  /// By candidate, once it is trained.
  package private(set) var accuracies: [Int: Double] = [:]
  package private(set) var trainingSeconds = 0.0
  private let budget: Budget
  private let seed: UInt64
  private let dataPath: String

  /// What a candidate may cost at most.
  package struct Budget: Sendable {
    package var parameters, multiplyAdds: Int?
    package init(parameters: Int? = nil, multiplyAdds: Int? = nil) {
      (self.parameters, self.multiplyAdds) = (parameters, multiplyAdds)
    }

    func allows(_ scores: [Score: [Double]]) -> Bool {
      func isWithin(_ limit: Int?, _ score: Score) -> Bool {
        guard let limit, let value = scores[score]?.first else { return true }
        return value <= Double(limit)
      }
      return isWithin(parameters, .parameters) && isWithin(multiplyAdds, .multiplyAdds)
    }
  }

  /// Samples a space and scores what it gives; what costs more than the budget is left out.
  package init(
    _ space: SearchSpace, samples: Int, seed: UInt64, dataPath: String, method: Score,
    within budget: Budget, on pool: WorkerPool
  ) throws {
    (self.space, self.method, self.budget) = (space, method, budget)
    (self.seed, self.dataPath) = (seed, dataPath)
    let sampled = try space.sample(samples, seed: seed)
    guard try !include(sampled, on: pool).isEmpty else {
      throw TrainingError(usage: "none of \(sampled.count) candidates is within the budget")
    }
  }

  /// Scores more candidates and takes in those within the budget; their places among all.
  package mutating func include(
    _ found: [SearchSpace.Candidate], on pool: WorkerPool
  ) throws -> [Int] {
    let found = found.map { candidate in
      var candidate = candidate
      (candidate.configuration.dataPath, candidate.configuration.seed) = (dataPath, seed)
      return candidate
    }
    let configurations = found.map(\.configuration)
    var scoring = try ScoringRun(of: configurations)
    scoring.seed = seed
    scoring.scores = Score.ofOneBatch
    let start = Resources.current.processorSeconds
    let scores = try scoring(configurations, on: pool)
    scoringSeconds += Resources.current.processorSeconds - start
    let first = candidates.count
    for (candidate, scores) in zip(found, scores) where budget.allows(scores) {
      candidates.append(candidate)
      self.scores.append(scores)
    }
    return Array(first..<candidates.count)
  }

  /// The training of a candidate, in a folder that says which it is.
  package func run(of candidate: Int) -> ExperimentPlan.Run {
    let candidate = candidates[candidate]
    return ExperimentPlan.Run(
      row: 0, column: 0, seed: candidate.configuration.seed,
      configuration: candidate.configuration,
      folder: "candidates/" + ExperimentPlan.fileName(candidate.name))
  }

  /// Notes the result of a candidate's training below `folder`; false while it has not ended.
  package mutating func add(resultOf candidate: Int, in folder: String) throws -> Bool {
    let run = run(of: candidate)
    guard let last = try run.result(in: folder) else { return false }
    accuracies[candidate] = last.testAcc1
    trainingSeconds += RunFolder.records(of: "\(folder)/\(run.folder)")
      .reduce(0) { $0 + $1.seconds }
    return true
  }

  /// The candidates in the order in which to train them: by the prediction, or else by the method.
  package var order: [Int] { order(by: prediction) }

  func order(by prediction: [Double]?) -> [Int] {
    let values = prediction ?? candidates.indices.map { mean($0, method) ?? -.infinity }
    return candidates.indices.sorted { (values[$0], $1) > (values[$1], $0) }
  }

  package func mean(_ candidate: Int, _ score: Score) -> Double? {
    scores[candidate][score].flatMap { values in
      values.allSatisfy(\.isFinite) ? Statistics.mean(values) : nil
    }
  }

  /// The accuracy that a ridge regression on scores, sizes and choices expects of each candidate,
  /// fitted to those that are trained; nil of fewer than five.
  package var prediction: [Double]? {
    let trained = accuracies.keys.sorted()
    guard trained.count >= 5 else { return nil }
    let features = features
    let fit = RidgeRegression(
      trained.map { features[$0] }, trained.compactMap { accuracies[$0] })
    return fit.map { fit in features.map { fit($0) } }
  }

  /// By candidate, its ranks by the scores and the places of its choices, each from 0 to 1.
  private var features: [[Double]] {
    let scale = Double(max(candidates.count - 1, 1))
    let ranks = Score.allCases.filter { scores[0][$0] != nil }.map { score in
      RankCorrelation.ranks(candidates.indices.map { mean($0, score) ?? -.infinity })
    }
    return candidates.indices.map { candidate in
      let places = zip(candidates[candidate].places, space.choices).map { place, choice in
        Double(place) / Double(max(choice.values.count - 1, 1))
      }
      return ranks.map { ($0[candidate] - 1) / scale } + places
    }
  }
}
