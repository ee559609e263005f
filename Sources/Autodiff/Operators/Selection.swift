extension Variable {
  /// Elements of `a` where `condition` is not 0, of `b` where it is; shapes are brought together by
  /// NumPy's rule.
  ///
  /// The derivative of an element goes to where it came from, and to the other it is 0, also where
  /// the other is NaN. PyTorch equivalent: `torch.where(condition != 0, a, b)`.
  public static func select(_ condition: Tensor, _ a: Variable, else b: Variable) -> Variable {
    let both = a.shape.broadcast(with: b.shape, "select")
    let shape = both.broadcast(with: condition.shape, "select")
    let condition = condition.broadcast(to: shape)
    let value = condition.selecting(a.value.broadcast(to: shape), b.value.broadcast(to: shape))
    return a.tape.operation(value, of: [a, b], saving: (condition, a.shape, b.shape)) {
      saved, gradient, inputs in
      let (condition, a, b) = saved
      let zeros = Tensor(repeating: 0, gradient.shape)
      inputs.add(condition.selecting(gradient, zeros).summed(to: a), to: 0)
      inputs.add(condition.selecting(zeros, gradient).summed(to: b), to: 1)
    }
  }
}

extension Tensor {
  /// Elements of `a` where this tensor is not 0, else of `b`; all have one shape.
  fileprivate func selecting(_ a: Tensor, _ b: Tensor) -> Tensor {
    Tensor(unsafeUninitialized: shape) { out in
      for i in 0..<count { out[i] = pointer[i] != 0 ? a.pointer[i] : b.pointer[i] }
    }
  }

  /// A function of each element.
  ///
  /// ```swift
  /// let isPositive = x.map { $0 > 0 ? 1 : 0 }  // a condition for `Variable.select`
  /// ```
  public func map(_ transform: (Float) -> Float) -> Tensor {
    Tensor(unsafeUninitialized: shape) { out in
      for i in 0..<count { out[i] = transform(pointer[i]) }
    }
  }

  /// Where the largest element along an axis is, for each index of the other axes, the last of them
  /// fastest; the first of equal ones, and NaN is larger than all. PyTorch equivalent:
  /// `x.argmax(axis).flatten()`.
  public func argmax(_ axis: Int = -1) -> [Int] {
    let (outer, size, inner) = shape.split(at: axis)
    checkPrecondition(size > 0, "argmax: axis \(axis) of \(shape) is empty")
    return (0..<outer * inner).map { i in
      let first = i / inner * size * inner + i % inner
      var best = 0
      for k in 1..<Swift.max(size, 1) {
        let (x, largest) = (pointer[first + k * inner], pointer[first + best * inner])
        if x > largest || (x.isNaN && !largest.isNaN) { best = k }
      }
      return best
    }
  }
}
