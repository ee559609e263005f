import CKernels

extension Variable {
  /// Softmax over the last axis of scale · x.
  ///
  ///     dx = scale · y · (dy − Σ y · dy)
  public func softmax(scale: Float = 1) -> Variable {
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

  /// The logarithm of the softmax over the last axis.
  ///
  ///     dx = dy − exp(y) · Σ dy
  public func logSoftmax() -> Variable {
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
