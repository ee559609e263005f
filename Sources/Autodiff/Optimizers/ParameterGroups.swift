/// How each parameter of a model is trained: what PyTorch's parameter groups say, slot by slot.
public struct ParameterGroups: Sendable {
  /// The parameters.
  public let tree: ParameterTree
  /// What the learning rate is multiplied by; a parameter of 0 is frozen, and no step touches it.
  public var rates: [Double]
  /// The weight decay.
  public var decays: [Float]

  /// The same rate for all parameters, and `weightDecay` for those that `decays` holds for.
  public init(_ tree: ParameterTree, weightDecay: Float) {
    self.tree = tree
    rates = Array(repeating: 1, count: tree.count)
    decays = tree.parameters.map { Self.decays($0) ? weightDecay : 0 }
  }

  /// Whether a parameter decays: DeiT spares biases, norms and gates (whatever has one axis), and
  /// the embeddings of tokens and positions.
  public static func decays(_ parameter: Parameter) -> Bool {
    parameter.shape.rank > 1 && parameter.kind != .embedding
  }

  /// Whether a slot's parameter stays as it is.
  public func isFrozen(_ slot: Int) -> Bool { rates[slot] == 0 }

  /// The slots whose parameters stay as they are.
  public var frozenSlots: Set<Int> { Set(rates.indices.filter(isFrozen)) }

  /// The numbers that are trained.
  public var trainableCount: Int {
    tree.parameters.indices.reduce(0) {
      $0 + (isFrozen($1) ? 0 : tree.parameters[$1].shape.elementCount)
    }
  }
}

extension ParameterGroups {
  /// Calls `body` with each slot that is not frozen and its gradient, on the threads of `pool`.
  ///
  /// A parameter that the loss does not depend on has no gradient and stays as it is, without
  /// decay, as in PyTorch where its `grad` is None.
  func forEachTrained(
    _ gradients: Gradients, on pool: WorkerPool, _ body: (_ slot: Int, _ gradient: Tensor) -> Void
  ) {
    pool.run(tree.count) { slot in
      guard !isFrozen(slot), let gradient = gradients.values[slot] else { return }
      WorkMeter.measure(.optimizer) { body(slot, gradient) }
    }
  }
}
