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
  /// One step by the gradients as they are.
  public mutating func step(
    _ weights: inout ParameterStore, by gradients: Gradients, rate: Double, on pool: WorkerPool
  ) {
    step(&weights, by: gradients, rate: rate, scale: 1, on: pool)
  }

  /// Stops the program unless weights and gradients are those of the optimiser.
  func check(_ weights: ParameterStore, _ gradients: Gradients, _ groups: ParameterGroups) {
    precondition(
      weights.tree.hasShapes(of: groups.tree) && gradients.tree.hasShapes(of: groups.tree),
      "\(Self.self).step: weights and gradients are not of the \(groups.tree.count) parameters of "
        + "the optimiser")
  }
}
