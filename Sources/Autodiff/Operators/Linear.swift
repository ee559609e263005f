import CKernels

extension Variable {
  /// x · Wᵀ + b: [..., K] → [..., M], for `weight` [M, K] (or [M, …] with K elements a row, as a
  /// convolution's) and `bias` [M].
  ///
  ///     dx = dy · W,  dW = dyᵀ · x,  db = Σ_rows dy
  public func linear(_ weight: Variable, bias: Variable? = nil) -> Variable {
    let (x, w) = (value, weight.value)
    let (rows, k) = x.shape.matrix
    let m = weight.samples
    checkPrecondition(
      w.shape.rank >= 2 && w.count == m * k,
      "linear: input \(x.shape) and weight \(w.shape), which takes "
        + "\(w.count / Swift.max(m, 1)) features")
    checkPrecondition(
      bias.map { $0.shape == [m] } ?? true, "linear: bias \(bias!.shape), weight \(w.shape)")
    let packed = tape.packedWeights?.transposed(w, m, k)
    let y = Tensor(unsafeUninitialized: x.shape.replacing(-1, with: m), evenIfDry: true) { y in
      tape.split(rows, grain: 32) { part in
        let (x, y) = (x.pointer + part.lowerBound * k, y + part.lowerBound * m)
        Matrix.multiply(
          part.count, m, k, .init(x, k), .init(w.pointer, k).transposed,
          bias: bias?.value.pointer, packed: packed?.pointer, into: y, m, tape.pass.precision)
      }
    }
    guard let bias else {
      return tape.operation(
        y, of: [self, weight], saving: (x, w), as: .linear, derivative: Self.addLinearDerivatives)
    }
    return tape.operation(y, of: [self, weight, bias], saving: (x, w), as: .linear) {
      saved, dy, inputs in
      Self.addLinearDerivatives(saved, dy, &inputs)
      let (rows, m) = dy.shape.matrix
      inputs.accumulate(to: 2, shape: [m]) { db, beta in
        ck_sum_rows(db, dy.pointer, rows, m, beta)
      }
    }
  }

  static func addLinearDerivatives(
    _ saved: (x: Tensor, w: Tensor), _ dy: Tensor, _ inputs: inout Cotangents
  ) {
    let (x, w) = saved
    let ((rows, k), m, precision) = (x.shape.matrix, dy.shape[-1], inputs.precision)
    inputs.accumulateProducts(to: 0, shape: x.shape) { dx, beta in
      Matrix.multiply(
        rows, k, m, .init(dy.pointer, m), .init(w.pointer, k), beta: beta, into: dx, k,
        precision)
    }
    inputs.accumulateProducts(to: 1, shape: w.shape) { dw, beta in
      Matrix.multiply(
        m, k, rows, .init(dy.pointer, m).transposed, .init(x.pointer, k), beta: beta, into: dw, k,
        precision)
    }
  }
}
