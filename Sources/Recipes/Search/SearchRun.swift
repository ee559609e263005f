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
  /// What scoring has cost since this start.
  package private(set) var scoring = Cost()
  /// What training has cost since this start.
  package var training = Cost()
  /// By candidate, once it is trained, to its end or a part of the way.
  package private(set) var outcomes: [Int: Outcome] = [:]
  /// By candidate, why its training failed.
  package var failures: [Int: String] = [:]
  /// The first candidates of the sample that are trained to calibrate scores.
  package var calibration = 0
  private let budget: Budget
  private var times: PredictionTimes
  private var batchSize: Int?  // that of the first candidates, for all
  private let seed: UInt64
  private let dataPath: String

  /// What the training of a candidate has come to.
  package struct Outcome: Sendable {
    /// Top-1 in percent.
    package let accuracy: Double
    package let epochs: Int
    /// Of all starts.
    package let seconds: Double
    /// Whether that was all, and not a rung of successive halving.
    package let isComplete: Bool
  }

  /// What a candidate may cost at most.
  package struct Budget: Sendable {
    package var parameters, multiplyAdds: Int?
    /// To predict an image; see ``PredictionTimes``.
    package var milliseconds: Double?
    package init(
      parameters: Int? = nil, multiplyAdds: Int? = nil, milliseconds: Double? = nil
    ) {
      (self.parameters, self.multiplyAdds) = (parameters, multiplyAdds)
      self.milliseconds = milliseconds
    }

    /// Whether a candidate with these scores is within it, those that it has not left aside.
    func allows(_ scores: [Score: [Double]]) -> Bool {
      func isWithin(_ limit: Double?, _ score: Score) -> Bool {
        guard let limit, let value = scores[score].flatMap(Statistics.mean) else { return true }
        return value <= limit
      }
      return isWithin(parameters.map(Double.init), .parameters)
        && isWithin(multiplyAdds.map(Double.init), .multiplyAdds)
        && isWithin(milliseconds, .milliseconds)
    }
  }

  /// Samples a space and scores what it gives, on batches of 128 images unless a size is given;
  /// what costs more than the budget is left out.
  package init(
    _ space: SearchSpace, samples: Int, seed: UInt64, dataPath: String, method: Score,
    within budget: Budget, times: PredictionTimes, batchSize: Int?, on pool: WorkerPool
  ) throws {
    (self.space, self.method, self.budget) = (space, method, budget)
    (self.times, self.batchSize) = (times, batchSize)
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
    let first = candidates.count
    if let name = found.map(\.name).first(where: { RunFiles.fileName($0).utf8.count > 240 }) {
      throw TrainingError(usage: "a candidate's name is too long for a folder: \(name)")
    }
    try scoring.measure {
      let configurations = found.map(\.configuration)
      var run = try ScoringRun(of: configurations)
      (run.seed, run.batchSize) = (seed, batchSize)
      batchSize = run.imagesOfABatch
      run.scores = Score.ofOneBatch
      if method != .milliseconds { run.scores.insert(method) }
      for (candidate, scores) in zip(found, try run(configurations, on: pool))
      where budget.allows(scores) {
        var scores = scores
        if budget.milliseconds != nil || method == .milliseconds {
          let model = try run.model(of: candidate.configuration)
          scores[.milliseconds] = try times(candidate.name, model, threads: pool.threads)
        }
        guard budget.allows(scores) else { continue }
        candidates.append(candidate)
        self.scores.append(scores)
      }
    }
    return Array(first..<candidates.count)
  }

  /// The training of a candidate, in a folder that says which it is.
  package func run(of candidate: Int) -> ExperimentPlan.Run {
    let candidate = candidates[candidate]
    return ExperimentPlan.Run(
      row: 0, column: 0, seed: candidate.configuration.seed,
      configuration: candidate.configuration,
      folder: "candidates/" + RunFiles.fileName(candidate.name))
  }

  /// Notes the result of a candidate's training below `folder`, to its end or until so many epochs
  /// are done; false while it has not come so far.
  package mutating func add(
    resultOf candidate: Int, in folder: String, after epochs: Int? = nil
  ) throws -> Bool {
    let run = run(of: candidate)
    let path = "\(folder)/\(run.folder)"
    // A rung is decided by what was known at its end, also where the run has ended since.
    let end = try run.result(in: folder)
    let hasEndedBefore = end.map { $0.epoch + 1 < epochs ?? .max } ?? false
    let rung = hasEndedBefore ? nil : try epochs.flatMap { try run.result(in: folder, after: $0) }
    guard let record = hasEndedBefore || epochs == nil ? end : rung else { return false }
    guard let accuracy = record.testAcc1 else {
      throw TrainingError(
        usage: "\(path): the run there continued after epoch \(record.epoch + 1) without an "
          + "evaluation, as by a search with other rungs; choose another output-dir")
    }
    outcomes[candidate] = Outcome(
      accuracy: accuracy, epochs: record.epoch + 1,
      seconds: RunFolder.records(of: path).reduce(0) { $0 + $1.seconds }, isComplete: rung == nil)
    return true
  }

  /// Notes by which settings a candidate is trained, below `folder`; throws if what is there was
  /// trained by others.
  package func noteSettings(of candidate: Int, in folder: String) throws {
    let run = run(of: candidate)
    let (path, asked) = ("\(folder)/\(run.folder).yaml", run.configuration.withoutMachine)
    let lock = try FolderLock(sharing: Files.folder(of: path), waits: true)
    defer { withExtendedLifetime(lock) {} }
    guard FileManager.default.fileExists(atPath: path) else {
      let parts = run.folder.split(separator: "/")
      let output = try OutputFolder("\(folder)/\(parts.dropLast().joined(separator: "/"))")
      return try output.write(asked.yaml(), to: "\(parts.last ?? "").yaml")
    }
    var known = try TrainingConfiguration(contentsOf: path)
    if let old = known.dataPath, let new = asked.dataPath,
      URL(fileURLWithPath: old).standardized == URL(fileURLWithPath: new).standardized
    {
      known.dataPath = new  // the same folder, said in another way
    }
    let differences = try asked.differences(from: known)
    guard differences.isEmpty else {
      let list = differences.map { "\($0.key) is \($0.new), and was \($0.old)" }
      throw TrainingError(
        usage: "\(folder)/\(run.folder): trained by another search: "
          + list.joined(separator: ", ") + "; choose another output-dir")
    }
  }

  /// By candidate that is trained to its end.
  package var accuracies: [Int: Double] {
    outcomes.filter { $0.value.isComplete }.mapValues(\.accuracy)
  }

  /// The epochs after which a rung of successive halving ends, nil for the last: with every rung
  /// before it, half as many.
  ///
  /// Source: Jamieson and Talwalkar, Non-stochastic best arm identification (AISTATS 2016).
  package func epochs(of candidate: Int, rung: Int, of rungs: Int) -> Int? {
    guard rung < rungs else { return nil }
    let parts = 1 << min(rungs - rung, 30)
    return max(1, (candidates[candidate].configuration.totalEpochs + parts - 1) / parts)
  }

  /// Throws if a candidate has too few epochs for each rung to be longer than that before it.
  package func checkRungs(_ rungs: Int) throws {
    guard let least = candidates.map(\.configuration.totalEpochs).min(), rungs > 1,
      rungs > 30 || least < 1 << (rungs - 1)
    else { return }
    throw TrainingError(
      usage: "rungs \(rungs) halve the epochs \(rungs - 1) times, and a candidate has \(least)")
  }

  /// Of candidates that a rung was trained of, the better half.
  package func betterHalf(of field: [Int]) -> [Int] {
    let order = field.sorted {
      (outcomes[$0]?.accuracy ?? 0, $1) > (outcomes[$1]?.accuracy ?? 0, $0)
    }
    return Array(order.prefix((field.count + 1) / 2))
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
  /// fitted to those that are trained; of these, each by the fit to the others. Nil of fewer than
  /// five.
  package var prediction: [Double]? { prediction(from: accuracies.keys.sorted()) }

  /// The same, fitted to some that are trained.
  ///
  /// The penalty is the number of features: they are thought to say half of what decides, together.
  func prediction(from trained: [Int]) -> [Double]? {
    guard trained.count >= 5 else { return nil }
    let (accuracies, features) = (accuracies, features)
    func fit(_ some: [Int]) -> RidgeRegression? {
      RidgeRegression(
        some.map { features[$0] }, some.compactMap { accuracies[$0] },
        penalty: Double(features[0].count))
    }
    guard let whole = fit(trained) else { return nil }
    var values = features.map { whole($0) }
    for candidate in trained {
      guard let others = fit(trained.filter { $0 != candidate }) else { return nil }
      values[candidate] = others(features[candidate])
    }
    return values
  }

  /// By candidate, its ranks by the scores and the places of its choices, each from 0 to 1.
  private var features: [[Double]] {
    let scale = Double(max(candidates.count - 1, 1))
    let ranks = Score.allCases.filter { scores[0][$0] != nil }.map { score in
      RankCorrelation.ranks(candidates.indices.map { mean($0, score) ?? -.infinity })
    }
    return candidates.indices.map { candidate in
      let places = zip(candidates[candidate].places, space.slots).map { place, slot in
        Double(place) / Double(max(slot.count - 1, 1))
      }
      return ranks.map { ($0[candidate] - 1) / scale } + places
    }
  }
}
