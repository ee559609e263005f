import Autodiff

extension PruningRule {
  /// What whoever applies the rule should know before; nil if there is nothing to say.
  ///
  /// GPSA's trap: its `v` starts as the identity. Where it still is one, magnitude pruning of all
  /// layers together takes everything from it but the diagonal, before any weight elsewhere, as
  /// zeros are the smallest and ones far above all other weights.
  public func warning(for weights: ParameterStore) -> String? {
    guard method == .magnitude, scope == .global else { return nil }
    let names = selection.slots(in: weights.tree).filter { weights.values[$0].isIdentity }
      .map { weights.tree.names[$0] }
    guard let first = names.first else { return nil }
    let others = names.count == 1 ? "is" : "and \(names.count - 1) more are"
    return "\(first) \(others) the identity, as GPSA starts: magnitude pruning of all layers "
      + "together takes all but the diagonal there before any other weight; train the model "
      + "first, or prune layer by layer"
  }
}

extension Tensor {
  /// Whether it is a matrix of ones on the diagonal and zeros elsewhere.
  fileprivate var isIdentity: Bool {
    guard shape.rank == 2, shape[0] == shape[1] else { return false }
    let side = shape[0]
    return withUnsafeBufferPointer { numbers in
      numbers.indices.allSatisfy { numbers[$0] == ($0 / side == $0 % side ? 1 : 0) }
    }
  }
}
