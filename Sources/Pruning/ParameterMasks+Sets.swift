import Autodiff

/// What a mask leaves of one parameter.
public struct MaskedLayer: Sendable, Hashable, Codable {
  /// The parameter's published name.
  public let name: String
  /// How many weights are kept, of how many.
  public let kept, count: Int
  /// The share that is removed.
  public var sparsity: Double { 1 - Double(kept) / Double(max(count, 1)) }
}

/// Masks as sets of the weights that are kept.
extension ParameterMasks {
  /// What is kept of each parameter that has a mask, in the model's order.
  public var layers: [MaskedLayer] {
    maskedSlots.map { slot, mask in
      MaskedLayer(name: tree.names[slot], kept: mask.keptCount, count: mask.count)
    }
  }

  /// The share that is removed of all parameters that have a mask together; 0 if none has.
  public var sparsity: Double {
    let layers = self.layers
    let count = layers.reduce(0) { $0 + $1.count }
    return count == 0 ? 0 : 1 - Double(layers.reduce(0) { $0 + $1.kept }) / Double(count)
  }

  /// What either keeps.
  public func union(_ other: ParameterMasks) -> ParameterMasks {
    combined(with: other) { a, b in
      guard let a, let b else { return nil }  // one of them keeps all
      return a.combined(b, max)
    }
  }

  /// What both keep.
  public func intersection(_ other: ParameterMasks) -> ParameterMasks {
    combined(with: other) { a, b in
      guard let a, let b else { return a ?? b }
      return a.combined(b, min)
    }
  }

  /// How alike two masks are: the share of what either keeps that both keep, of all parameters of
  /// which one has a mask. 1 if they are the same, or keep nothing.
  public func jaccard(_ other: ParameterMasks) -> Double {
    let (both, either) = (intersection(other), union(other))
    var (shared, all) = (0, 0)
    for (slot, mask) in both.maskedSlots {
      shared += mask.keptCount
      all += either[slot: slot]?.keptCount ?? mask.count
    }
    return all == 0 ? 1 : Double(shared) / Double(all)
  }

  /// The same for each parameter of which one has a mask.
  public func jaccardByLayer(_ other: ParameterMasks) -> [(name: String, jaccard: Double)] {
    let (both, either) = (intersection(other), union(other))
    return both.maskedSlots.map { slot, mask in
      let all = either[slot: slot]?.keptCount ?? mask.count
      return (tree.names[slot], all == 0 ? 1 : Double(mask.keptCount) / Double(all))
    }
  }

  private var maskedSlots: [(slot: Int, mask: Tensor)] {
    values.enumerated().compactMap { slot, mask in mask.map { (slot, $0) } }
  }

  private func combined(
    with other: ParameterMasks, _ combine: (Tensor?, Tensor?) -> Tensor?
  ) -> ParameterMasks {
    checkPrecondition(
      tree.hasShapes(of: other.tree), "ParameterMasks: masks of two different models")
    var result = ParameterMasks(tree)
    for slot in values.indices {
      result[slot: slot] = combine(values[slot], other.values[slot])
    }
    return result
  }
}

extension Tensor {
  fileprivate var keptCount: Int {
    withUnsafeBufferPointer { $0.reduce(0) { $0 + ($1 == 0 ? 0 : 1) } }
  }

  fileprivate func combined(_ other: Tensor, _ combine: (Float, Float) -> Float) -> Tensor {
    withUnsafeBufferPointer { a in
      other.withUnsafeBufferPointer { b in
        Tensor(shape, a.indices.map { combine(a[$0], b[$0]) })
      }
    }
  }
}

extension ParameterMasks {
  /// How many weights of some parameters, by their slots, are removed, and how many there are.
  package func removed(in slots: [Int]) -> (count: Int, all: Int) {
    slots.reduce(into: (count: 0, all: 0)) { sum, slot in
      sum.count += values[slot]?.elements.count { $0 == 0 } ?? 0
      sum.all += tree.parameters[slot].shape.elementCount
    }
  }

  /// The same as a share, 0 of none.
  package func removedShare(in slots: [Int]) -> Double {
    let (count, all) = removed(in: slots)
    return all == 0 ? 0 : Double(count) / Double(all)
  }
}
