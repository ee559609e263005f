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
    precondition(
      w.shape == [columns] && bias.shape == [columns],
      "layerNorm: input \(x.shape), weight \(w.shape), bias \(bias.shape)")
    var (mean, reciprocal) = (
      Tensor(unsafeUninitialized: [rows]), Tensor(unsafeUninitialized: [rows])
    )
    let y = Tensor(unsafeUninitialized: x.shape) { y in
      WorkMeter.measure(.norm) {
        ck_layer_norm(
          y, mean.mutablePointer(), reciprocal.mutablePointer(), x.pointer, w.pointer,
          bias.value.pointer, epsilon, rows, columns)
      }
    }
    return tape.operation(y, of: [self, weight, bias]) { [mean, reciprocal] dy, inputs in
      var (dw, db) = (Tensor(repeating: 0, w.shape), Tensor(repeating: 0, w.shape))
      let (dwPointer, dbPointer) = (dw.mutablePointer(), db.mutablePointer())
      let backward = { (dx: UnsafeMutablePointer<Float>, beta: Float) in
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
}
