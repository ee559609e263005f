import CKernels

extension Variable {
  /// residual + f · (x · Wᵀ + b), which BLAS adds onto the residual: [..., K] and [..., M] → [..., M].
  ///
  /// In training, f is 0 for a sample (along the first axis) with probability `dropPath`, which then
  /// costs nothing, and else 1 / (1 − dropPath); elsewhere it is 1. The same as
  /// `residual + x.linear(weight, bias: bias).dropPath(rate)`.
  ///
  ///     dresidual = dy,  dx = f · dy · W,  dW = Σ f · dyᵀ · x,  db = Σ_rows f · dy
  public func linear(
    _ weight: Variable, bias: Variable, onto residual: Variable, dropPath rate: Float = 0
  ) -> Variable {
    let (x, w, b, r) = (value, weight.value, bias.value, residual.value)
    let (rows, k) = x.shape.matrix
    let m = w.shape.sizes.first ?? 1
    precondition(
      w.shape == [m, k] && b.shape == [m] && r.shape == x.shape.replacing(-1, with: m),
      "linear: input \(x.shape), weight \(w.shape), bias \(b.shape), residual \(r.shape)")
    let factors = tape.pathFactors(rate, samples: x.shape.sizes.first ?? 1) ?? [1]
    let kept = Self.runs(of: factors, rows: rows)
    let y = Tensor(unsafeUninitialized: r.shape) { y in
      if kept.count < factors.count { y.update(from: r.pointer, count: r.count) }
      for run in kept {
        let scaled = run.factor == 1 ? b : run.factor * b
        ck_add_bias(y + run.first * m, r.pointer + run.first * m, scaled.pointer, run.rows, m)
        BLAS.multiply(
          run.rows, m, k, alpha: run.factor, .init(x.pointer + run.first * k, k),
          .init(w.pointer, k).transposed, beta: 1, into: y + run.first * m, m)
      }
    }
    return tape.operation(y, of: [self, weight, bias, residual]) { dy, inputs in
      inputs.add(dy, to: 3)
      inputs.accumulate(to: 0, shape: x.shape) { dx, beta in
        if beta == 0 && kept.count < factors.count { ck_fill(dx, 0, x.count) }
        for run in kept {
          BLAS.multiply(
            run.rows, k, m, alpha: run.factor, .init(dy.pointer + run.first * m, m),
            .init(w.pointer, k), beta: beta, into: dx + run.first * k, k)
        }
      }
      inputs.accumulate(to: 1, shape: w.shape) { dw, beta in
        if beta == 0 && kept.isEmpty { ck_fill(dw, 0, w.count) }
        for (index, run) in kept.enumerated() {
          BLAS.multiply(
            m, k, run.rows, alpha: run.factor, .init(dy.pointer + run.first * m, m).transposed,
            .init(x.pointer + run.first * k, k), beta: index == 0 ? beta : 1, into: dw, k)
        }
      }
      inputs.accumulate(to: 2, shape: [m]) { db, beta in
        if beta == 0 { ck_fill(db, 0, m) }
        var sums = Tensor(unsafeUninitialized: [m])
        let out = sums.mutablePointer()
        for run in kept {
          ck_sum_rows(out, dy.pointer + run.first * m, run.rows, m, 0)
          ck_axpy(db, run.factor, out, m)
        }
      }
    }
  }

  /// The rows of the samples that are kept, and what they are multiplied with.
  private static func runs(
    of factors: [Float], rows: Int
  ) -> [(first: Int, rows: Int, factor: Float)] {
    let length = rows / factors.count
    return factors.enumerated().compactMap { sample, factor in
      factor == 0 ? nil : (sample * length, length, factor)
    }
  }
}
