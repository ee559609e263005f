import Autodiff
import Pruning
import Training

/// What is pruned of a model, and how much more of it while it is trained.
package struct PruningSettings: Settings {
  /// Whether what is pruned in the weights of `finetune` stays 0.
  package var keepPruned = true
  package var prune: Double?
  package var pruneRounds = 1
  package var pruneScope = PruningRule.Scope.layer

  package func validate() throws(TrainingError) {
    try requireCounts(["prune-rounds": pruneRounds])
    try require(
      prune.map { $0 > 0 && $0 < 1 } ?? true,
      "prune must be above 0 and below 1, found \(prune ?? 0)")
    let given =
      [
        "prune-rounds": pruneRounds != PruningSettings().pruneRounds,
        "prune-scope": pruneScope != PruningSettings().pruneScope,
      ] as KeyValuePairs
    try requireUse(prune != nil, of: given) { "\($0) is about prune, which is missing" }
  }
}

extension PruningSettings {
  /// The rounds of a run that prunes; nil for one that does not.
  var rounds: PruningRounds? { prune.map { PruningRounds(pruneRounds, to: $0) } }

  /// By what weights go.
  var rule: PruningRule { PruningRule(.magnitude, scope: pruneScope) }

  /// What is gone once a round, from 1, is made.
  func masks(
    of weights: ParameterStore, after earlier: ParameterMasks?, round: Int, _ rounds: PruningRounds
  ) -> ParameterMasks {
    let gone = earlier.map(rule.share(removedBy:)) ?? 0
    return rule.masks(
      of: weights, sparsity: rounds.share(after: round, from: gone), after: earlier)
  }
}
