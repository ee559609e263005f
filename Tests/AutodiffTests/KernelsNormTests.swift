import CKernels
import CKernels.Levels
import Foundation
import Testing

/// Layer normalisation against double; its gradients against finite differences.
@Suite struct KernelsNormTests {
  let forward = levels(
    ck_layer_norm, v4: ck_layer_norm_v4, v3: ck_layer_norm_v3, baseline: ck_layer_norm_baseline)
  let backward = levels(
    ck_layer_norm_backward, v4: ck_layer_norm_backward_v4, v3: ck_layer_norm_backward_v3,
    baseline: ck_layer_norm_backward_baseline)
  static let eps = 1e-6

  /// The mean and the reciprocal standard deviation of one row.
  static func moments(_ x: [Double]) -> (mean: Double, rstd: Double) {
    let mean = x.reduce(0, +) / Double(x.count)
    let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
    return (mean, 1 / (variance + eps).squareRoot())
  }

  static func layerNorm(_ x: [Double], _ weight: [Double], _ bias: [Double]) -> [Double] {
    let (mean, rstd) = moments(x)
    return x.indices.map { (x[$0] - mean) * rstd * weight[$0] + bias[$0] }
  }

  /// The kernel on three rows around `centre`, where each number's own rounding is `centre` 2⁻²⁴.
  func check(cols: Int, centre: Float, tolerance: Double) {
    let rows = 3
    let x = uniform(rows * cols, "x").map { $0 + centre }
    let weight = uniform(cols, "weight")
    let bias = uniform(cols, "bias")
    let moments = (0..<rows).map { Self.moments(x.doubles.row($0, cols)) }
    let expected = (0..<rows).flatMap {
      Self.layerNorm(x.doubles.row($0, cols), weight.doubles, bias.doubles)
    }
    for level in forward {
      let what = "\(level.name), \(cols) about \(centre)"
      var mean: [Float] = []
      var rstd: [Float] = []
      let y = fresh(x.count) { y in
        mean = fresh(rows) { mean in
          rstd = fresh(rows) {
            level.call(y, mean, $0, x, weight, bias, Float(Self.eps), rows, cols)
          }
        }
      }
      expectClose(y, expected, absolute: tolerance, what)
      expectClose(mean, moments.map(\.mean), relative: 1.2e-7, absolute: 2e-7, what)
      expectClose(rstd, moments.map(\.rstd), relative: 1e-6, what)
      let inPlace = buffer(from: x) {
        level.call($0, &mean, &rstd, $0, weight, bias, Float(Self.eps), rows, cols)
      }
      expectSameBits(inPlace, y, "\(what), in place")
    }
  }

  @Test func everySize() {
    for cols in kernelSizes where cols > 1 { check(cols: cols, centre: 0, tolerance: 4e-6) }
  }

  /// E[x²] - E[x]² would lose all digits of the variance here; a mean that is one rounding off
  /// would shift the output by 1e-2.
  @Test func rowsFarFromZeroDoNotCancel() {
    for cols in [17, 192, 197, 1000] { check(cols: cols, centre: 30_000, tolerance: 4e-6) }
  }

  @Test func emptyShapes() {
    for level in forward { level.call(nil, nil, nil, nil, nil, nil, 1e-6, 0, 5) }
    for level in backward { level.call(nil, nil, nil, nil, nil, nil, nil, nil, 0, 0, 5) }
  }

  @Test func backwardIsTheDerivative() {
    let rows = 2
    for cols in kernelSizes where cols > 1 && cols < 256 {
      let x = uniform(rows * cols, "x").map { $0 + 2 }
      let weight = uniform(cols, "weight")
      let bias = uniform(cols, "bias")
      let dy = uniform(rows * cols, "dy")
      let start = uniform(rows * cols, "start")
      let moments = (0..<rows).map { Self.moments(x.doubles.row($0, cols)) }
      let mean = moments.map { Float($0.mean) }
      let rstd = moments.map { Float($0.rstd) }

      let loss: (Int, [Double], [Double], [Double]) -> Double = { r, x, weight, bias in
        dot(dy.doubles.row(r, cols), Self.layerNorm(x, weight, bias))
      }
      let (w, b) = (weight.doubles, bias.doubles)
      let dx = (0..<rows).flatMap { r in
        numericalGradient(at: x.doubles.row(r, cols)) { loss(r, $0, w, b) }
      }
      let total: ([Double], [Double]) -> Double = { w, b in
        (0..<rows).reduce(0) { $0 + loss($1, x.doubles.row($1, cols), w, b) }
      }
      let dweight = numericalGradient(at: w) { total($0, b) }
      let dbias = numericalGradient(at: b) { total(w, $0) }
      // With two columns rstd may be large, and the gradient with it.
      let tolerance = 1e-5 * max(1, moments.map(\.rstd).max() ?? 1)

      for level in backward {
        for beta: Float in [0, 1, 0.5] {
          let what = "\(level.name), \(cols), beta \(beta)"
          var dw: [Float] = []
          var db: [Float] = []
          let out = buffer(from: beta == 0 ? start.map { _ in .nan } : start) { out in
            dw = buffer(from: weight) { dw in
              db = buffer(from: bias) {
                level.call(out, dw, $0, x, mean, rstd, weight, dy, beta, rows, cols)
              }
            }
          }
          let expected = zip(dx, start).map { $0 + (beta == 0 ? 0 : Double(beta * $1)) }
          expectClose(out, expected, absolute: tolerance, what)
          expectClose(dw, zip(dweight, w).map { $0 + $1 }, absolute: 1e-5, "\(what), weight")
          expectClose(db, zip(dbias, b).map { $0 + $1 }, absolute: 1e-5, "\(what), bias")
        }
        let alone = buffer(from: dy) {
          level.call($0, nil, nil, x, mean, rstd, weight, $0, 0, rows, cols)
        }
        expectClose(alone, dx, absolute: tolerance, "\(level.name), \(cols), over dy")
      }
    }
  }
}
