/// How weights follow from gradients, step by step, and what is remembered in between.
public protocol Optimizer: Sendable {
  /// The steps made.
  var steps: Int { get set }
  /// What is remembered, shaped like the weights, each under PyTorch's name for it: all that a
  /// checkpoint must hold beside `steps`. The names and their order stay.
  var state: [(name: String, store: ParameterStore)] { get set }

  /// One step: `weights` change in place, parameter by parameter on the threads of `pool`.
  ///
  /// - Parameter scale: what the gradients are multiplied with first, to clip them.
  mutating func step(
    _ weights: inout ParameterStore, by gradients: Gradients, rate: Double, scale: Float,
    on pool: WorkerPool)
}

extension Optimizer {
  /// What an optimiser is to remember in the place of `state`: the stores of `newState`.
  ///
  /// - Precondition: it has the names, the order and the shapes of `state`.
  func stores(replacing newState: [(name: String, store: ParameterStore)]) -> [ParameterStore] {
    let (names, found) = (state.map(\.name), newState.map(\.name))
    checkPrecondition(
      names == found, "\(Self.self).state: it is \(names), and not \(found)")
    for (old, new) in zip(state, newState) {
      checkPrecondition(
        new.store.tree.hasShapes(of: old.store.tree),
        "\(Self.self).state: \(new.name) is of the \(new.store.tree.count) parameters of another "
          + "model, not of its \(old.store.tree.count)")
    }
    return newState.map(\.store)
  }

  /// One step by the gradients as they are.
  public mutating func step(
    _ weights: inout ParameterStore, by gradients: Gradients, rate: Double, on pool: WorkerPool
  ) {
    step(&weights, by: gradients, rate: rate, scale: 1, on: pool)
  }

  /// Stops the program unless weights and gradients are those of the optimiser.
  func check(
    _ weights: ParameterStore, _ gradients: Gradients, _ groups: ParameterGroups, rate: Double
  ) {
    checkPrecondition(
      rate >= 0 && rate.isFinite, "\(Self.self).step: the learning rate is \(rate)")
    checkPrecondition(
      weights.tree.hasShapes(of: groups.tree) && gradients.tree.hasShapes(of: groups.tree),
      "\(Self.self).step: weights and gradients are not of the \(groups.tree.count) parameters of "
        + "the optimiser")
  }
}
