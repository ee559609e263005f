import CKernels
import CKernels.Levels
import Foundation
import Testing

/// Elementwise kernels: one rounding each, so they equal Swift's own arithmetic to the bit.
@Suite struct KernelsElementwiseTests {
  @Test func arithmetic() {
    let cases: [(String, [Level<Zip>], (Float, Float) -> Float)] = [
      ("add", levels(ck_add, v4: ck_add_v4, v3: ck_add_v3, baseline: ck_add_baseline), (+)),
      ("sub", levels(ck_sub, v4: ck_sub_v4, v3: ck_sub_v3, baseline: ck_sub_baseline), (-)),
      ("mul", levels(ck_mul, v4: ck_mul_v4, v3: ck_mul_v3, baseline: ck_mul_baseline), (*)),
      ("div", levels(ck_div, v4: ck_div_v4, v3: ck_div_v3, baseline: ck_div_baseline), (/)),
    ]
    for (name, kernels, operation) in cases {
      for level in kernels {
        for n in kernelSizes {
          let a = uniform(n, "a")
          let b = uniform(n, "b")
          let expected = zip(a, b).map(operation)
          let what = "\(name), \(level.name), \(n)"
          expectSameBits(fresh(n) { level.call($0, a, b, n) }, expected, what)
          expectSameBits(buffer(from: a) { level.call($0, $0, b, n) }, expected, what)
          expectSameBits(buffer(from: b) { level.call($0, a, $0, n) }, expected, what)
        }
      }
    }
  }

  @Test func functions() {
    let cases: [(String, [Level<Map>], (Float) -> Float)] = [
      (
        "relu", levels(ck_relu, v4: ck_relu_v4, v3: ck_relu_v3, baseline: ck_relu_baseline),
        { $0 < 0 ? 0 : $0 }
      ),
      (
        "square",
        levels(ck_square, v4: ck_square_v4, v3: ck_square_v3, baseline: ck_square_baseline),
        { $0 * $0 }
      ),
      (
        "sqrt", levels(ck_sqrt, v4: ck_sqrt_v4, v3: ck_sqrt_v3, baseline: ck_sqrt_baseline),
        { $0.squareRoot() }
      ),
      ("log", [Level(name: "dispatched", call: ck_log)], { Foundation.log($0) }),
    ]
    let edges: [Float] = [.infinity, 0, .leastNonzeroMagnitude, 104, 3e38]
    for (name, kernels, function) in cases {
      for level in kernels {
        for n in kernelSizes {
          let signed = name == "relu" || name == "square"
          let x = (uniform(n, "x") + edges).map { signed ? $0 : abs($0) }
          let what = "\(name), \(level.name), \(n)"
          let expected = x.map(function)
          expectSameBits(fresh(x.count) { level.call($0, x, x.count) }, expected, what)
          expectSameBits(buffer(from: x) { level.call($0, $0, x.count) }, expected, what)
        }
        let nan = fresh(17) { level.call($0, [Float](repeating: .nan, count: 17), 17) }
        expectClose(nan, [Double](repeating: .nan, count: 17), "\(name), \(level.name)")
      }
    }
  }

  @Test func withAScalar() {
    for n in kernelSizes {
      let x = uniform(n, "x")
      let y = uniform(n, "y")
      for level in levels(
        ck_scale, v4: ck_scale_v4, v3: ck_scale_v3, baseline: ck_scale_baseline)
      {
        let expected = x.map { 1.7 * $0 }
        expectSameBits(fresh(n) { level.call($0, 1.7, x, n) }, expected, "scale, \(level.name)")
        expectSameBits(
          buffer(from: x) { level.call($0, 1.7, $0, n) }, expected, "scale, \(level.name)")
      }
      for level in levels(
        ck_add_scalar, v4: ck_add_scalar_v4, v3: ck_add_scalar_v3, baseline: ck_add_scalar_baseline)
      {
        let expected = x.map { $0 + 1.7 }
        expectSameBits(fresh(n) { level.call($0, x, 1.7, n) }, expected, "add, \(level.name)")
      }
      for level in levels(ck_axpy, v4: ck_axpy_v4, v3: ck_axpy_v3, baseline: ck_axpy_baseline) {
        let out = buffer(from: y) { level.call($0, 1.7, x, n) }
        let expected = zip(x, y).map { Double(Float(1.7)) * Double($0) + Double($1) }
        expectClose(out, expected, relative: 6e-8, absolute: 4e-7, "axpy, \(level.name)")
      }
      for level in levels(ck_fill, v4: ck_fill_v4, v3: ck_fill_v3, baseline: ck_fill_baseline) {
        let out = fresh(n) { level.call($0, 1.7, n) }
        expectSameBits(out, [Float](repeating: 1.7, count: n), "fill, \(level.name)")
      }
    }
  }
}
