import CKernels
import CKernels.Levels
import Foundation
import Testing

/// The steps of SGD and Lion, and what goes with them, against their formulas in double.
@Suite struct KernelsOptimizerTests {
  private let scale: Float = 0.25
  private let rate: Float = 1e-2
  private let decay: Float = 0.05

  /// Five steps of a kernel, and of its formula for one number and its memory.
  private func follows<Function>(
    _ levels: [Level<Function>],
    _ call: (Function, Output, Output, [Float], Int) -> Void,
    _ formula: (_ p: inout Double, _ m: inout Double, _ g: Double) -> Void
  ) {
    for level in levels {
      for n in kernelSizes {
        var (p, m) = (uniform(n, "p"), [Float](repeating: 0, count: n))
        var (expectedP, expectedM) = (p.doubles, m.doubles)
        for step in 1...5 {
          let g = uniform(n, "g\(step)")
          p = buffer(from: p) { p in m = buffer(from: m) { call(level.call, p, $0, g, n) } }
          for i in 0..<n { formula(&expectedP[i], &expectedM[i], Double(scale * g[i])) }
        }
        expectClose(p, expectedP, absolute: 2e-6, "p, \(level.name), \(n)")
        expectClose(m, expectedM, absolute: 1e-6, "m, \(level.name), \(n)")
      }
    }
  }

  @Test(arguments: [false, true]) func sgd(isNesterov: Bool) {
    follows(levels(ck_sgd, v4: ck_sgd_v4, v3: ck_sgd_v3, baseline: ck_sgd_baseline)) {
      $0($1, $2, $3, scale, rate, 0.9, isNesterov ? 1 : 0, decay, $4)
    } _: { p, m, g in
      let gradient = g + Double(decay) * p
      m = Double(0.9 as Float) * m + gradient
      p -= Double(rate) * (isNesterov ? gradient + Double(0.9 as Float) * m : m)
    }
  }

  @Test func lion() {
    follows(levels(ck_lion, v4: ck_lion_v4, v3: ck_lion_v3, baseline: ck_lion_baseline)) {
      $0($1, $2, $3, scale, rate, 0.9, 0.99, decay, $4)
    } _: { p, m, g in
      let blend = Double(0.9 as Float) * m + (1 - Double(0.9 as Float)) * g
      p -= Double(rate) * (Double(decay) * p + (blend > 0 ? 1 : blend < 0 ? -1 : 0))
      m = Double(0.99 as Float) * m + (1 - Double(0.99 as Float)) * g
    }
    var (p, m): ([Float], [Float]) = ([2, 2], [0, 0])
    ck_lion(&p, &m, [0, .nan], 1, 0.5, 0.9, 0.99, 0, 2)  // nothing to go by: no step
    #expect(p[0] == 2 && p[1].isNaN && m[1].isNaN)
  }

  @Test func lerp() {
    for level in levels(ck_lerp, v4: ck_lerp_v4, v3: ck_lerp_v3, baseline: ck_lerp_baseline) {
      for n in kernelSizes {
        let (a, b) = (uniform(n, "a"), uniform(n, "b"))
        for t: Float in [0, 4e-5, 0.3, 0.5, 0.9, 1] {
          let out = buffer(from: a) { level.call($0, b, t, n) }
          let expected = zip(a, b).map { Double($0) + Double(t) * (Double($1) - Double($0)) }
          expectClose(out, expected, absolute: 1e-6, "t = \(t), \(level.name), \(n)")
        }
        expectSameBits(buffer(from: a) { level.call($0, b, 0, n) }, a, "stays, \(level.name)")
        expectSameBits(buffer(from: a) { level.call($0, b, 1, n) }, b, "becomes x, \(level.name)")
        expectSameBits(buffer(from: a) { level.call($0, a, 0.3, n) }, a, "equal, \(level.name)")
      }
    }
  }

  @Test func clamp() {
    for level in levels(ck_clamp, v4: ck_clamp_v4, v3: ck_clamp_v3, baseline: ck_clamp_baseline) {
      for n in kernelSizes {
        var x = uniform(n, "x")
        if n > 3 { (x[1], x[2]) = (.nan, .infinity) }
        let out = buffer(from: x) { level.call($0, 0.7, n) }
        let expected = x.doubles.map { $0.isNaN ? $0 : min(max($0, -0.7), 0.7) }
        expectClose(out, expected, absolute: 1e-7, "\(level.name), \(n)")
      }
    }
  }
}
