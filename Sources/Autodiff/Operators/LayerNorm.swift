import CKernels

extension Variable {
  /// Layer normalisation over the last axis (Ba et al. 2016): (x − mean) / √(variance + ε) · w + b.
  ///
  /// With x̂ = (x − mean) / σ and g = w · dy:
  ///
  ///     dx = (g − mean(g) − x̂ · mean(g · x̂)) / σ,  dw = Σ_rows dy · x̂,  db = Σ_rows dy
  public func layerNorm(_ weight: Variable, bias: Variable, epsilon: Float = 1e-6) -> Variable {
    let (x, w) = (value, weight.value)
    let (rows, columns) = x.shape.matrix
    checkPrecondition(
      w.shape == [columns] && bias.shape == [columns],
      "layerNorm: input \(x.shape), weight \(w.shape), bias \(bias.shape)")
    var (mean, reciprocal) = (
      Tensor(unsafeUninitialized: [rows]), Tensor(unsafeUninitialized: [rows])
    )
    let (means, reciprocals) = (mean.mutablePointer(), reciprocal.mutablePointer())
    let y = Tensor(unsafeUninitialized: x.shape) { y in
      tape.split(rows, grain: 32) { part in
        let (first, at) = (part.lowerBound, part.lowerBound * columns)
        WorkMeter.measure(.norm) {
          ck_layer_norm(
            y + at, means + first, reciprocals + first, x.pointer + at, w.pointer,
            bias.value.pointer, epsilon, part.count, columns)
        }
      }
    }
    return tape.operation(
      y, of: [self, weight, bias], saving: (x, w, mean, reciprocal),
      as: .layerNorm(epsilon: epsilon)
    ) { saved, dy, inputs in
      let (x, w, mean, reciprocal) = saved
      let (rows, columns) = x.shape.matrix
      var (dw, db) = (Tensor(repeating: 0, w.shape), Tensor(repeating: 0, w.shape))
      let (dwPointer, dbPointer) = (dw.mutablePointer(), db.mutablePointer())
      func backward(_ dx: UnsafeMutablePointer<Float>, _ beta: Float) {
        WorkMeter.measure(.norm) {
          ck_layer_norm_backward(
            dx, dwPointer, dbPointer, x.pointer, mean.pointer, reciprocal.pointer, w.pointer,
            dy.pointer, beta, rows, columns)
        }
      }
      if inputs.isNeeded(0) {
        inputs.accumulate(to: 0, shape: x.shape, backward)
      } else {
        _ = Tensor(unsafeUninitialized: x.shape) { backward($0, 0) }
      }
      inputs.add(dw, to: 1)
      inputs.add(db, to: 2)
    }
  }

  /// Root-mean-square normalisation over the last axis (Zhang and Sennrich 2019): x / √(mean(x²) +
  /// ε) · w.
  ///
  /// PyTorch equivalent: `F.rms_norm(x, (n,), w, ε)`.
  public func rmsNorm(_ weight: Variable, epsilon: Float = 1e-6) -> Variable {
    checkPrecondition(
      shape.rank > 0 && weight.shape == [shape[-1]],
      "rmsNorm: input \(shape), weight \(weight.shape)")
    return self / (squared().mean(-1, keepingAxis: true) + epsilon).squareRoot() * weight
  }
}
