import CKernels

extension Variable {
  /// The sum of all elements, of rank 0.
  public func sum() -> Variable {
    tape.operation(value.summed(to: []), of: [self], saving: shape, as: .sum(axis: nil)) {
      shape, gradient, inputs in
      inputs.add(gradient.broadcast(to: shape), to: 0)
    }
  }

  /// The mean of all elements, of rank 0.
  public func mean() -> Variable {
    checkPrecondition(value.count > 0, "mean: of no elements, \(shape)")
    return 1 / Float(value.count) * sum()
  }

  /// The sums along an axis, which stays with size 1 or goes away.
  public func sum(_ axis: Int, keepingAxis: Bool = false) -> Variable {
    let kept = shape.replacing(axis, with: 1)
    let sum = value.summed(to: kept).reshaped(keepingAxis ? kept : shape.removing(axis))
    return tape.operation(sum, of: [self], saving: (shape, kept), as: .sum(axis: axis)) {
      saved, gradient, inputs in
      let (shape, kept) = saved
      inputs.add(gradient.reshaped(kept).broadcast(to: shape), to: 0)
    }
  }

  /// The means along an axis, which stays with size 1 or goes away.
  public func mean(_ axis: Int, keepingAxis: Bool = false) -> Variable {
    1 / Float(shape[axis]) * sum(axis, keepingAxis: keepingAxis)
  }

  /// The largest elements along an axis, which goes away. The derivative goes to the first of
  /// equal ones.
  public func max(_ axis: Int) -> Variable {
    let (outer, size, inner) = shape.split(at: axis)
    checkPrecondition(size > 0, "max: axis \(axis) of \(shape) is empty")
    var winners = [Int](repeating: 0, count: outer * inner)  // places in the input
    for i in winners.indices {
      let first = i / inner * size * inner + i % inner
      winners[i] = first
      for k in 1..<Swift.max(size, 1)
      where value.pointer[first + k * inner] > value.pointer[winners[i]] {
        winners[i] = first + k * inner
      }
    }
    let maxima = Tensor(unsafeUninitialized: shape.removing(axis)) { out in
      for (i, winner) in winners.enumerated() { out[i] = value.pointer[winner] }
    }
    return tape.operation(maxima, of: [self], saving: (shape, winners), as: .max(axis: axis)) {
      saved, gradient, inputs in
      let (shape, winners) = saved
      let spread = Tensor(unsafeUninitialized: shape) { out in
        ck_fill(out, 0, shape.elementCount)
        for (i, winner) in winners.enumerated() { out[winner] = gradient.pointer[i] }
      }
      inputs.add(spread, to: 0)
    }
  }
}
