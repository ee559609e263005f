import CKernels

extension Variable {
  /// Softmax over an axis of scale · x, by default over the last one, which is the fastest.
  ///
  ///     dx = scale · y · (dy − Σ y · dy)
  public func softmax(_ axis: Int = -1, scale: Float = 1) -> Variable {
    guard let order = shape.swappingLast(axis) else { return softmaxOfRows(scale) }
    return permuted(order).softmaxOfRows(scale).permuted(order)
  }

  private func softmaxOfRows(_ scale: Float) -> Variable {
    let (rows, columns) = shape.matrix
    let y = Tensor(unsafeUninitialized: shape) {
      ck_softmax($0, value.pointer, scale, rows, columns)
    }
    return tape.operation(y, of: [self], saving: (y, scale), as: .softmax(scale: scale)) {
      saved, dy, inputs in
      let (y, scale) = saved
      let (rows, columns) = y.shape.matrix
      let dx = Tensor(unsafeUninitialized: y.shape) {
        ck_softmax_backward($0, y.pointer, dy.pointer, scale, rows, columns)
      }
      inputs.add(dx, to: 0)
    }
  }

  /// The logarithm of the softmax over an axis, by default over the last one.
  ///
  ///     dx = dy − exp(y) · Σ dy
  public func logSoftmax(_ axis: Int = -1) -> Variable {
    guard let order = shape.swappingLast(axis) else { return logSoftmaxOfRows() }
    return permuted(order).logSoftmaxOfRows().permuted(order)
  }

  private func logSoftmaxOfRows() -> Variable {
    let (rows, columns) = shape.matrix
    let y = Tensor(unsafeUninitialized: shape) {
      ck_log_softmax($0, value.pointer, rows, columns)
    }
    return tape.operation(y, of: [self], saving: y, as: .logSoftmax) { y, dy, inputs in
      let (rows, columns) = y.shape.matrix
      let dx = Tensor(unsafeUninitialized: y.shape) {
        ck_log_softmax_backward($0, y.pointer, dy.pointer, rows, columns)
      }
      inputs.add(dx, to: 0)
    }
  }
}

extension Shape {
  /// The order of axes in which an axis has changed places with the last one; nil if it is that.
  fileprivate func swappingLast(_ axis: Int) -> [Int]? {
    let axis = resolved(axis)
    guard axis != rank - 1 else { return nil }
    var order = Array(0..<rank)
    order.swapAt(axis, rank - 1)
    return order
  }
}
