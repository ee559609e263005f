import CKernels

extension Variable {
  /// x · Φ(x), the exact form by the error function (Hendrycks and Gimpel 2016).
  ///
  ///     dx = dy · (Φ(x) + x · φ(x))
  public func gelu() -> Variable {
    let x = value
    let y = WorkMeter.measure(.gelu) { x.map(ck_gelu) }
    return tape.operation(y, of: [self], saving: x, as: .gelu) { x, dy, inputs in
      inputs.add(WorkMeter.measure(.gelu) { x.combined(dy, "gelu", ck_gelu_backward) }, to: 0)
    }
  }

  /// GELU(x · Wᵀ + b), [..., K] → [..., M], for `weight` [M, K] and `bias` [M]: the function is
  /// computed of a few rows at a time, while the cache still has them.
  ///
  ///     dz = dy · GELU′(z + b) for z = x · Wᵀ;  dx = dz · W,  dW = dzᵀ · x,  db = Σ_rows dz
  package func linearGELU(_ weight: Variable, bias: Variable) -> Variable {
    let (x, w, b) = (value, weight.value, bias.value)
    let ((rows, k), m, precision) = (x.shape.matrix, weight.samples, tape.pass.precision)
    checkPrecondition(
      w.shape == Shape(m, k) && b.shape == [m],
      "linearGELU: input \(x.shape), weight \(w.shape), bias \(b.shape)")
    let shape = x.shape.replacing(-1, with: m)
    var kept = tape.pass.isRecorded ? Tensor(unsafeUninitialized: shape) : nil  // z
    // A library gains nothing by small products; and a dry run counts the one that it is.
    let isWhole = DryRun.isOn || ProductKernels.serving(precision) == nil
    let atOnce = isWhole ? Swift.max(rows, 1) : 48
    let written = kept?.mutablePointer()
    let packed = PackedMatrix(
      .init(w.pointer, k).transposed, k, m, precision,
      layout: tape.packedWeights?.transposed(w, m, k))
    let y = Tensor(unsafeUninitialized: shape, evenIfDry: true) { y in
      tape.split(rows, grain: 32) { part in
        var scratch = Tensor(unsafeUninitialized: [written == nil ? atOnce * m : 0])
        let few = scratch.mutablePointer()
        for first in stride(from: part.lowerBound, to: part.upperBound, by: atOnce) {
          let count = Swift.min(atOnce, part.upperBound - first)
          let z = written.map { $0 + first * m } ?? few
          packed.multiply(count, .init(x.pointer + first * k, k), into: z, m, work: .linear)
          WorkMeter.measureKernel(.gelu) { ck_bias_gelu(y + first * m, z, b.pointer, count, m) }
        }
      }
    }
    return tape.operation(y, of: [self, weight, bias], saving: (x, w, b, kept), as: .linearGELU) {
      saved, dy, inputs in
      let (x, w, b, kept) = saved
      guard let z = kept else { return }
      let (rows, m) = z.shape.matrix
      let dz = Tensor(unsafeUninitialized: z.shape) { dz in
        WorkMeter.measure(.gelu) {
          ck_bias_gelu_backward(dz, z.pointer, b.pointer, dy.pointer, rows, m)
        }
      }
      inputs.accumulate(to: 2, shape: [m]) { db, beta in
        ck_sum_rows(db, dz.pointer, rows, m, beta)
      }
      Self.addLinearDerivatives((x, w), dz, &inputs)
    }
  }
}
