import CKernels

extension Variable {
  /// x · Φ(x), the exact form by the error function (Hendrycks and Gimpel 2016).
  ///
  ///     dx = dy · (Φ(x) + x · φ(x))
  public func gelu() -> Variable {
    let x = value
    let y = WorkMeter.measure(.gelu) { x.map(ck_gelu) }
    return tape.operation(y, of: [self], saving: x) { x, dy, inputs in
      inputs.add(WorkMeter.measure(.gelu) { x.combined(dy, "gelu", ck_gelu_backward) }, to: 0)
    }
  }

  /// GELU of x + bias, [..., M] and [M], in one pass.
  ///
  ///     dx = dy · GELU′(x + b),  db = Σ_rows dx
  package func gelu(bias: Variable) -> Variable {
    let (x, b) = (value, bias.value)
    let (rows, columns) = x.shape.matrix
    checkPrecondition(b.shape == [columns], "gelu: input \(x.shape), bias \(b.shape)")
    let y = Tensor(unsafeUninitialized: x.shape) { y in
      tape.split(rows, grain: 32) { part in
        let (x, y) = (x.pointer + part.lowerBound * columns, y + part.lowerBound * columns)
        WorkMeter.measure(.gelu) { ck_bias_gelu(y, x, b.pointer, part.count, columns) }
      }
    }
    return tape.operation(y, of: [self, bias], saving: (x, b)) { saved, dy, inputs in
      let (x, b) = saved
      let (rows, columns) = x.shape.matrix
      let dx = Tensor(unsafeUninitialized: x.shape) { dx in
        WorkMeter.measure(.gelu) {
          ck_bias_gelu_backward(dx, x.pointer, b.pointer, dy.pointer, rows, columns)
        }
      }
      inputs.accumulate(to: 1, shape: [columns]) { db, beta in
        ck_sum_rows(db, dx.pointer, rows, columns, beta)
      }
      inputs.add(dx, to: 0)
    }
  }
}
