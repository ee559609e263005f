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
    let removed, prunable: Int

    var removedShare: Double { Double(removed) / Double(max(prunable, 1)) }
  }

  let saved: SavedModel
  let model: VisionTransformer
  let structured: KeptParts.Kind?
  /// Of weights, those that may go.
  let selection: ParameterSelection
  /// The parameters of which something may go.
  private let slots: [Int]
  private let gradients: Gradients?
  private let gates: PartScores?

  /// - Parameter examples: images of `train` for those of the methods that look at some.
  init(
    of saved: SavedModel, _ structured: KeptParts.Kind?, _ selection: ParameterSelection,
    for methods: [PruningMethod], examples: Batch?, on pool: WorkerPool
  ) throws {
    (self.saved, model) = (saved, try saved.transformer)
    (self.structured, self.selection) = (structured, selection)
    let tree = saved.weights.tree
    slots =
      try structured.map { [model] in try KeptParts.matrices(of: $0, in: model, tree) }
      ?? tree.names.indices.filter { selection.contains(tree.names[$0], tree.parameters[$0]) }
    func seen(by method: PruningMethod) -> Batch? { methods.contains(method) ? examples : nil }
    gradients = seen(by: .taylor).map { [model] in
      Gradients(ofLoss: model, saved.weights, examples: $0.inputs, labels: $0.labels)
    }
    gates = try seen(by: .gate).map { [model] in
      try PartScores(
        gatesOf: model, saved.weights, examples: $0.inputs, labels: $0.labels, on: pool)
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
      return counted(masks, gates: masks, parts: nil)
    }
    let scores =
      try gates.flatMap { method == .gate ? $0 : nil }
      ?? PartScores(of: model, saved.weights, by: rule(method, scope, seed: seed))
    let parts = KeptParts(
      removing: structured, share: min(share, 1 - 1e-9), scope, by: scores)
    let tree = saved.weights.tree
    return counted(
      try parts.masks(of: model, tree), gates: try parts.gateMasks(of: model, tree), parts: parts)
  }

  private func counted(_ masks: ParameterMasks, gates: ParameterMasks, parts: KeptParts?) -> Cut {
    let counts = slots.map { slot in
      (
        removed: masks.values[slot]?.elements.count { $0 == 0 } ?? 0,
        all: saved.weights.values[slot].count
      )
    }
    return Cut(
      masks: masks, gates: gates, parts: parts, removed: counts.reduce(0) { $0 + $1.removed },
      prunable: counts.reduce(0) { $0 + $1.all })
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
