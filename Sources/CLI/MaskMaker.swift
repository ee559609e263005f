import Autodiff
import ConViT
import Images
import Pruning

/// What goes of a model for a share of it, by each method.
struct MaskMaker {
  /// What goes for one share.
  struct Cut {
    /// The weights that go.
    let masks: ParameterMasks
    /// Those of them that gaps are told by; see `KeptParts.gateMasks`.
    let gates: ParameterMasks
    /// What is left of heads and units, if these go.
    let parts: KeptParts?
    /// How many weights go, of how many that may.
    var removed: (count: Int, all: Int) { masks.removed(in: slots) }
    /// The same as a share.
    var removedShare: Double { masks.removedShare(in: slots) }
    fileprivate let slots: [Int]
  }

  let saved: SavedModel
  let structured: KeptParts.Kind?
  /// Of weights, those that may go.
  let selection: ParameterSelection
  /// The parameters of which something may go.
  private let slots: [Int]
  private let gradients: Gradients?
  private let gates: PartScores?
  /// What tells the images of `train` that methods choose by from others; nil if none looks at any.
  let chosenBy: String?

  /// - Parameter examples: images of `train` for those of the methods that look at some.
  init(
    of saved: SavedModel, _ structured: KeptParts.Kind?, _ selection: ParameterSelection,
    for methods: [PruningMethod], examples: Batch?, on pool: WorkerPool
  ) throws {
    (self.saved, self.structured, self.selection) = (saved, structured, selection)
    chosenBy = examples?.inputs.fingerprint
    let (model, tree) = (saved.model, saved.weights.tree)
    slots =
      try structured.map { try KeptParts.matrices(of: $0, in: saved.transformer, tree) }
      ?? selection.slots(in: tree)
    func seen(by method: PruningMethod) -> Batch? { methods.contains(method) ? examples : nil }
    gradients = seen(by: .taylor).map {
      Gradients(ofLoss: model, saved.weights, examples: $0.inputs, labels: $0.labels)
    }
    gates = try seen(by: .gate).map {
      try PartScores(
        gatesOf: saved.transformer, saved.weights, examples: $0.inputs, labels: $0.labels, on: pool)
    }
    _ = try cut(methods[0], .layer, seed: 0, share: 0)  // what cannot be done is said at once
  }

  /// What goes. What is pruned in the file already is gone first, and stays so.
  func cut(
    _ method: PruningMethod, _ scope: PruningRule.Scope, seed: UInt64, share: Double
  ) throws -> Cut {
    guard let structured else {
      let rule = rule(method, scope, seed: seed)
      let masks = rule.masks(of: saved.weights, sparsity: share, after: saved.masks)
      return Cut(masks: masks, gates: masks, parts: nil, slots: slots)
    }
    let (model, tree) = (try saved.transformer, saved.weights.tree)
    let scores =
      try gates.flatMap { method == .gate ? $0 : nil }
      ?? PartScores(of: model, saved.weights, by: rule(method, scope, seed: seed))
    let parts = KeptParts(removing: structured, share: share, scope, by: scores)
    return Cut(
      masks: try parts.masks(of: model, tree), gates: try parts.gateMasks(of: model, tree),
      parts: parts, slots: slots)
  }

  /// What is to be known before weights go.
  func warning(_ method: PruningMethod, _ scope: PruningRule.Scope) -> String? {
    structured == nil ? rule(method, scope, seed: 0).warning(for: saved.weights) : nil
  }

  private func rule(
    _ method: PruningMethod, _ scope: PruningRule.Scope, seed: UInt64
  ) -> PruningRule {
    guard let method = method.ofWeights else {
      fatalError("MaskMaker: \(method) is of heads and units alone")
    }
    var rule = PruningRule(method, scope: scope, selection: selection, seed: seed)
    rule.gradients = gradients
    return rule
  }
}
