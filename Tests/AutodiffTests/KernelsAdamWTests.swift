import CKernels
import CKernels.Levels
import Foundation
import Testing

/// AdamW and Adam against the formulas of their papers (Loshchilov and Hutter 2019, Kingma and Ba
/// 2015) in double.
@Suite struct KernelsAdamWTests {
  struct Reference {
    var p: [Double]
    var m: [Double]
    var v: [Double]

    /// torch.optim.AdamW's order: decay, moments, bias correction, step; Adam's adds the decay to
    /// the gradient.
    mutating func step(
      _ gradients: [Double], lr: Double, beta1: Double, beta2: Double, eps: Double, decay: Double,
      isDecoupled: Bool, t: Int
    ) {
      for i in p.indices {
        let g = gradients[i] + (isDecoupled ? 0 : decay * p[i])
        if isDecoupled { p[i] *= 1 - lr * decay }
        m[i] = beta1 * m[i] + (1 - beta1) * g
        v[i] = beta2 * v[i] + (1 - beta2) * g * g
        let mHat = m[i] / (1 - pow(beta1, Double(t)))
        let vHat = v[i] / (1 - pow(beta2, Double(t)))
        p[i] -= lr * mHat / (vHat.squareRoot() + eps)
      }
    }
  }

  @Test(arguments: [true, false]) func tenSteps(isDecoupled: Bool) {
    let (lr, beta1, beta2, eps, decay): (Float, Float, Float, Float, Float) =
      (1e-2, 0.9, 0.999, 1e-8, 0.05)
    let gscale: Float = 0.25
    let kernels =
      isDecoupled
      ? levels(ck_adamw, v4: ck_adamw_v4, v3: ck_adamw_v3, baseline: ck_adamw_baseline)
      : levels(ck_adam, v4: ck_adam_v4, v3: ck_adam_v3, baseline: ck_adam_baseline)
    for level in kernels {
      for n in kernelSizes {
        var p = uniform(n, "p")
        var m = [Float](repeating: 0, count: n)
        var v = m
        var reference = Reference(p: p.doubles, m: m.doubles, v: v.doubles)
        for t in 1...10 {
          let g = uniform(n, "g\(t)")
          let bias1 = Float(1 - pow(Double(beta1), Double(t)))
          let bias2 = Float(1 - pow(Double(beta2), Double(t)))
          p = buffer(from: p) { p in
            m = buffer(from: m) { m in
              v = buffer(from: v) {
                level.call(
                  p, m, $0, g, gscale, lr, beta1, beta2, eps, decay, bias1, bias2, n)
              }
            }
          }
          reference.step(
            g.map { Double(gscale * $0) }, lr: Double(lr), beta1: Double(beta1),
            beta2: Double(beta2), eps: Double(eps), decay: Double(decay), isDecoupled: isDecoupled,
            t: t)
        }
        // Ten steps of at most lr; each rounds p by at most 2⁻²⁴ · 3.
        expectClose(p, reference.p, absolute: 2e-6, "p, \(level.name), \(n)")
        expectClose(m, reference.m, absolute: 2e-7, "m, \(level.name), \(n)")
        expectClose(v, reference.v, relative: 2e-6, "v, \(level.name), \(n)")
      }
    }
  }

  /// Decay does not pass through the moments: without a gradient p only shrinks.
  @Test func decayIsDecoupled() {
    var (p, m, v): ([Float], [Float], [Float]) = ([2], [0], [0])
    ck_adamw(&p, &m, &v, [0], 1, 0.1, 0.9, 0.999, 1e-8, 0.5, 0.1, 0.001, 1)
    #expect(abs(p[0] - 1.9) < 1e-6)
    #expect(m == [0] && v == [0])
  }
}
