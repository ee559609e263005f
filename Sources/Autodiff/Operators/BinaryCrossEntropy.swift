import CKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Variable {
  /// Cross-entropy of each logit by itself, [B, C], against targets in 0 … 1, [B, C]; the mean over
  /// the classes is the loss of a sample, [B]: 1/C · Σ_c −t · log σ(x) − (1 − t) · log(1 − σ(x)).
  ///
  ///     dx = dy / C · (σ(x) − t)
  public func binaryCrossEntropy(_ targets: Tensor) -> Variable {
    checkPrecondition(
      shape.rank == 2 && targets.shape == shape,
      "binaryCrossEntropy: logits \(shape), targets \(targets.shape)")
    let (rows, columns) = shape.matrix
    let (x, t) = (value, targets)
    let losses = Tensor(unsafeUninitialized: [rows]) { out in
      for r in 0..<rows {
        var sum = 0.0
        for i in r * columns..<(r + 1) * columns {
          let logit = x.pointer[i]  // log σ(x) = min(x, 0) − log(1 + e^−|x|)
          sum += Double(Swift.max(logit, 0) - logit * t.pointer[i] + log1pf(expf(-abs(logit))))
        }
        out[r] = Float(sum / Double(columns))
      }
    }
    return tape.operation(losses, of: [self], saving: (x, t)) { saved, dy, inputs in
      let (x, t) = saved
      let (rows, columns) = x.shape.matrix
      var dx = x.map(ck_sigmoid) - t
      let out = dx.mutablePointer()
      for r in 0..<rows {
        let row = out + r * columns
        ck_scale(row, dy.pointer[r] / Float(columns), row, columns)
      }
      inputs.add(dx, to: 0)
    }
  }
}
