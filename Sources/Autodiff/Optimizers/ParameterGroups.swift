/// How each parameter of a model is trained: what PyTorch's parameter groups say, slot by slot.
public struct ParameterGroups: Sendable {
  let tree: ParameterTree
  /// What the learning rate is multiplied by.
  public var rates: [Double]
  /// The weight decay.
  public var decays: [Float]

  /// The same rate for all parameters, and `weightDecay` for those that decay.
  public init(
    _ tree: ParameterTree, weightDecay: Float, decaying: ParameterSelection = .decaying
  ) {
    self.tree = tree
    rates = Array(repeating: 1, count: tree.count)
    decays = Array(repeating: 0, count: tree.count)
    for slot in decaying.slots(in: tree) { decays[slot] = weightDecay }
  }
}

extension ParameterSelection {
  /// What DeiT lets decay: it spares biases, norms and gates (whatever has one axis), and the
  /// embeddings of tokens and positions.
  public static let decaying = matrices && !kind(.embedding)
}
