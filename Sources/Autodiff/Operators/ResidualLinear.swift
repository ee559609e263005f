import CKernels

extension Variable {
  /// residual + f · (x · Wᵀ + b), which the product adds onto the residual:
  /// [..., K], [..., M] → [..., M].
  ///
  /// In training, f is 0 for a sample (along the first axis) with probability `dropPath`, which
  /// then costs nothing, and else 1 / (1 − dropPath); elsewhere it is 1. The same as
  /// `residual + x.linear(weight, bias: bias).dropPath(rate)`.
  ///
  ///     dresidual = dy,  dx = f · dy · W,  dW = Σ f · dyᵀ · x,  db = Σ_rows f · dy
  package func linear(
    _ weight: Variable, bias: Variable, onto residual: Variable, dropPath rate: Float = 0
  ) -> Variable {
    let (x, w, b, r) = (value, weight.value, bias.value, residual.value)
    let (rows, k) = x.shape.matrix
    let m = weight.samples
    checkPrecondition(
      w.shape == Shape(m, k) && b.shape == Shape(m) && r.shape == x.shape.replacing(-1, with: m),
      "linear: input \(x.shape), weight \(w.shape), bias \(b.shape), residual \(r.shape)")
    let factors =
      tape.factors(rate, samples: samples, draws: 1) ?? Tensor(repeating: 1, [1])
    let runs = Runs(factors: factors, rows: rows)
    let packed = tape.packedWeights?.transposed(w, m, k)
    let y = Tensor(unsafeUninitialized: r.shape, evenIfDry: true) { y in
      if runs.dropSome { y.update(from: r.pointer, count: r.count) }
      runs.forEach { first, count, factor in
        let scaled = factor == 1 ? b : factor * b
        tape.split(count, grain: 32) { part in
          let first = first + part.lowerBound
          if !DryRun.isOn {
            ck_add_bias(y + first * m, r.pointer + first * m, scaled.pointer, part.count, m)
          }
          Matrix.multiply(
            part.count, m, k, alpha: factor, .init(x.pointer + first * k, k),
            .init(w.pointer, k).transposed, beta: 1, packed: packed?.pointer, into: y + first * m,
            m,
            tape.pass.precision)
        }
      }
    }
    return tape.operation(
      y, of: [self, weight, bias, residual], saving: (x, w, runs), as: .linearOntoResidual
    ) { saved, dy, inputs in
      let (x, w, runs) = saved
      let ((m, k), precision) = (w.shape.matrix, inputs.precision)
      inputs.add(dy, to: 3)
      inputs.accumulateProducts(to: 0, shape: x.shape) { dx, beta in
        if beta == 0 && runs.dropSome { ck_fill(dx, 0, x.count) }
        runs.forEach { first, count, factor in
          Matrix.multiply(
            count, k, m, alpha: factor, .init(dy.pointer + first * m, m),
            .init(w.pointer, k), beta: beta, into: dx + first * k, k, precision)
        }
      }
      inputs.accumulateProducts(to: 1, shape: w.shape) { dw, beta in
        var beta = beta
        runs.forEach { first, count, factor in
          Matrix.multiply(
            m, k, count, alpha: factor, .init(dy.pointer + first * m, m).transposed,
            .init(x.pointer + first * k, k), beta: beta, into: dw, k, precision)
          beta = 1
        }
        if beta == 0 { ck_fill(dw, 0, w.count) }  // all were dropped
      }
      inputs.accumulate(to: 2, shape: [m]) { db, beta in
        if beta == 0 { ck_fill(db, 0, m) }
        var sums = Tensor(unsafeUninitialized: [m])
        let out = sums.mutablePointer()
        runs.forEach { first, count, factor in
          ck_sum_rows(out, dy.pointer + first * m, count, m, 0)
          ck_axpy(db, factor, out, m)
        }
      }
    }
  }
}

/// As many runs of rows as there are factors, each with its factor; 0 drops a run.
private struct Runs {
  let factors: Tensor
  let rows: Int

  var dropSome: Bool { (0..<factors.count).contains { factors.pointer[$0] == 0 } }

  /// Calls `body` with the rows of each run that is kept, and its factor.
  func forEach(_ body: (_ first: Int, _ count: Int, _ factor: Float) -> Void) {
    let length = rows / factors.count
    for run in 0..<factors.count where factors.pointer[run] != 0 {
      body(run * length, length, factors.pointer[run])
    }
  }
}
