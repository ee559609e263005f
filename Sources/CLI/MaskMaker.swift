import Autodiff
import ConViT
import Images
import Pruning

/// What goes of a model for a share of it, by each method.
struct MaskMaker {
  let saved: SavedModel
  let model: VisionTransformer
  let structured: KeptParts.Kind?
  /// Of weights, those that may go.
  let selection: ParameterSelection
  private let gradients: Gradients?
  private let gates: PartScores?

  /// - Parameter examples: images of `train` for those of the methods that look at some.
  init(
    of saved: SavedModel, _ structured: KeptParts.Kind?, _ selection: ParameterSelection,
    for methods: [PruningMethod], examples: Batch?, on pool: WorkerPool
  ) throws {
    (self.saved, model) = (saved, try saved.transformer)
    (self.structured, self.selection) = (structured, selection)
    func seen(by method: PruningMethod) -> Batch? { methods.contains(method) ? examples : nil }
    gradients = seen(by: .taylor).map { [model] in
      Gradients(ofLoss: model, saved.weights, examples: $0.inputs, labels: $0.labels)
    }
    gates = try seen(by: .gate).map { [model] in
      try PartScores(
        gatesOf: model, saved.weights, examples: $0.inputs, labels: $0.labels, on: pool)
    }
    _ = try masks(methods[0], .layer, seed: 0, share: 0)  // what cannot be done is said at once
  }

  /// The masks, and what is left of heads and units if these go.
  func masks(
    _ method: PruningMethod, _ scope: PruningRule.Scope, seed: UInt64, share: Double
  ) throws -> (ParameterMasks, KeptParts?) {
    guard let structured else {
      let rule = rule(method, scope, seed: seed)
      return (rule.masks(of: saved.weights, sparsity: share), nil)
    }
    let scores =
      try gates.flatMap { method == .gate ? $0 : nil }
      ?? PartScores(of: model, saved.weights, by: rule(method, scope, seed: seed))
    let parts = KeptParts(
      removing: structured, share: min(share, 1 - 1e-9), scope, by: scores)
    return (try parts.masks(of: model, saved.weights.tree), parts)
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
