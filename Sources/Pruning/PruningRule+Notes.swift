import Autodiff

extension PruningRule {
  /// What whoever applies the rule should know before; nil if there is nothing to say.
  ///
  /// GPSA's trap: its `v` starts as the identity. Its zeros are the smallest weights, for magnitude
  /// and for Taylor's method, and go first: of each layer by itself those of the first rows, of all
  /// layers together all of them, also after a short training. Zeros that went cannot be trained.
  public func warning(for weights: ParameterStore) -> String? {
    guard method != .random else { return nil }
    let slots = selection.slots(in: weights.tree)
    let sizes = slots.map { weights.values[$0].size }
    let mean = sizes.reduce(0, +) / Double(max(sizes.count, 1))
    let names = slots.filter {
      // Of each layer by itself, numbers that differ are in an order that says something.
      guard let rest = weights.values[$0].sizeBesideIdentity else { return false }
      return rest == 0 || (scope == .global && rest < mean / 4)
    }.map { weights.tree.names[$0] }
    guard let first = names.first else { return nil }
    let others = names.count == 1 ? "is" : "and \(names.count - 1) more are"
    return "\(first) \(others) close to the identity, as GPSA starts: all but the diagonal is the "
      + "smallest and goes first, so that it could no longer learn to mix features; prune after "
      + "more training, or at random"
  }
}

extension Tensor {
  /// The mean of |w|.
  fileprivate var size: Double {
    withUnsafeBufferPointer { $0.reduce(0) { $0 + Double(abs($1)) } } / Double(max(count, 1))
  }

  /// The mean of |w| beside the diagonal of a square matrix whose diagonal is about one, within a
  /// half; nil for others.
  fileprivate var sizeBesideIdentity: Double? {
    guard shape.rank == 2, shape[0] == shape[1], shape[0] > 1 else { return nil }
    let side = shape[0]
    return withUnsafeBufferPointer { numbers in
      let diagonal = (0..<side).map { numbers[$0 * (side + 1)] }
      guard diagonal.allSatisfy({ abs($0 - 1) < 0.5 }) else { return nil }
      let all = numbers.reduce(0.0) { $0 + Double(abs($1)) }
      let own = diagonal.reduce(0.0) { $0 + Double(abs($1)) }
      // Sums of floats as doubles are exact where all that is beside the diagonal is zero.
      return (all - own) / Double(side * (side - 1))
    }
  }
}
