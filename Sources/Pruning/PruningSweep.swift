import Autodiff
import DoubleNumerics
import Files

/// Gaps and accuracies of a model by how much is gone, for several ways to choose what goes: what
/// was predicted of each, and what came of it.
public struct PruningSweep: Sendable, Hashable, Codable {
  /// What is pruned once.
  public struct Choice: Sendable, Hashable, Codable {
    /// By what is chosen, such as `magnitude`.
    public let method: String
    /// Of which weights or parts the share is taken.
    public let scope: PruningRule.Scope
    /// The share that goes.
    public let sparsity: Double
    /// What a random choice depends on; nil where nothing is random.
    public let seed: UInt64?
  }

  /// What came of a choice.
  public struct Trial: Sendable, Hashable, Codable {
    /// What was pruned.
    public let choice: Choice
    /// The share that is gone of the weights that may go.
    public let removed: Double
    /// Its gaps; see ``OutputGap``.
    public let predicted, measured: Double
    /// Accuracy without training again, in percent.
    public let acc1: Double

    /// Prunes, and measures; for heads and units, by ``KeptParts/gateMasks(of:_:)``.
    public init(
      _ choice: Choice, removed: Double, _ masks: ParameterMasks, _ gap: OutputGap, labels: [Int]
    ) {
      let outcome = gap.outcome(masks, labels: labels)
      (self.choice, self.removed, predicted) = (choice, removed, gap.predicted(masks))
      (measured, acc1) = (outcome.measured, 100 * outcome.accuracy)
    }
  }

  /// What was swept: of which weights, on which images.
  public struct Origin: Sendable, Hashable, Codable {
    /// The weights file.
    public let weights: String
    /// Whole heads or units, or weights where nil.
    public let structured: KeptParts.Kind?
    /// What is pruned beside attention and MLPs, by its flags; nil for nothing.
    public let also: [String]?
    /// How many images, and of which.
    public let images: Int
    public let dataPath, split: String
    /// What images and random choices depend on.
    public let seed: UInt64
    /// Accuracy before anything is gone, in percent.
    public let acc1: Double
    /// What tells these weights and images from others.
    public let fingerprint: String
    /// What tells the images that methods choose by from others; nil where none looks at any.
    public let chosenBy: String?

    /// Of a gap's model and images, with their labels; `nothing` are masks that keep everything.
    public init(
      weights: String, structured: KeptParts.Kind?, dataPath: String, split: String, seed: UInt64,
      also: [String]? = nil, _ gap: OutputGap, labels: [Int], _ nothing: ParameterMasks,
      chosenBy: String? = nil
    ) {
      self.chosenBy = chosenBy
      (self.weights, self.structured, self.also) = (weights, structured, also)
      (self.dataPath, self.split, self.seed) = (dataPath, split, seed)
      (images, fingerprint) = (labels.count, gap.fingerprint)
      acc1 = 100 * gap.accuracy(labels, nothing)
    }
  }

  /// The sparsities of a sweep.
  public static let sparsities = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95]

  /// What is swept.
  public let origin: Origin
  /// In the order of ``choices(methods:seeds:from:)``.
  public var trials: [Trial] = []

  /// A sweep of which nothing is done.
  public init(_ origin: Origin) { self.origin = origin }

  /// All choices of methods, each of every layer and of all together, at all sparsities; random
  /// ones with so many seeds.
  public static func choices(methods: [String], seeds: Int, from seed: UInt64) -> [Choice] {
    methods.flatMap { method in
      PruningRule.Scope.allCases.flatMap { scope in
        sparsities.flatMap { sparsity in
          let drawn = method == PruningRule.Method.random.rawValue
          return (0..<(drawn ? seeds : 1)).map {
            Choice(
              method: method, scope: scope, sparsity: sparsity,
              seed: drawn ? seed &+ UInt64($0) : nil)
          }
        }
      }
    }
  }
}

extension PruningSweep {
  /// A way to choose, with what comes of it at each sparsity.
  public struct Curve: Sendable, Hashable, Codable {
    /// By what is chosen, and of what the share is taken.
    public let method: String, scope: PruningRule.Scope
    /// With rising sparsity.
    public let points: [Point]
  }

  /// Means over seeds, with their standard errors where there are several.
  public struct Point: Sendable, Hashable, Codable {
    /// As of a trial.
    public let sparsity, removed, predicted, measured, acc1: Double
    /// Standard errors; nil of one trial.
    public let measuredError, acc1Error: Double?
  }

  /// A curve for each method and scope, in the order of the trials.
  public var curves: [Curve] {
    var order: [(String, PruningRule.Scope)] = []
    for choice in trials.map(\.choice)
    where !order.contains(where: { $0 == (choice.method, choice.scope) }) {
      order.append((choice.method, choice.scope))
    }
    return order.map { method, scope in
      let own = trials.filter { $0.choice.method == method && $0.choice.scope == scope }
      let bySparsity = Dictionary(grouping: own) { $0.choice.sparsity }
      return Curve(
        method: method, scope: scope,
        points: bySparsity.keys.sorted().map { Point($0, bySparsity[$0] ?? []) })
    }
  }

  /// A line for each trial.
  package var csv: String {
    let names = [
      "method", "scope", "sparsity", "seed", "removed", "predicted", "measured", "acc1",
    ]
    return CSV.table(
      [names.map { CSV.cell($0) }]
        + trials.map { trial in
          let choice = trial.choice
          return [
            CSV.cell(choice.method), CSV.cell(choice.scope.rawValue), CSV.cell(choice.sparsity),
            choice.seed.map(String.init) ?? "", CSV.cell(trial.removed),
            CSV.cell(trial.predicted), CSV.cell(trial.measured), CSV.cell(trial.acc1),
          ]
        })
  }
}

extension PruningSweep.Point {
  fileprivate init(_ sparsity: Double, _ trials: [PruningSweep.Trial]) {
    func mean(_ value: (PruningSweep.Trial) -> Double) -> Double {
      Statistics.mean(trials.map(value)) ?? .nan
    }
    self.sparsity = sparsity
    (removed, predicted) = (mean(\.removed), mean(\.predicted))
    (measured, acc1) = (mean(\.measured), mean(\.acc1))
    measuredError = Statistics.standardError(trials.map(\.measured))
    acc1Error = Statistics.standardError(trials.map(\.acc1))
  }
}
