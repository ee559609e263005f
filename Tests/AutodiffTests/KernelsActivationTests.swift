import CKernels
import CKernels.Levels
import Foundation
import Testing

/// exp, sigmoid, tanh and GELU against Foundation's functions in double, at every level.
@Suite struct KernelsActivationTests {
  let exp = levels(ck_exp, v4: ck_exp_v4, v3: ck_exp_v3, baseline: ck_exp_baseline)
  let tanh = levels(ck_tanh, v4: ck_tanh_v4, v3: ck_tanh_v3, baseline: ck_tanh_baseline)
  let sigmoid = levels(
    ck_sigmoid, v4: ck_sigmoid_v4, v3: ck_sigmoid_v3, baseline: ck_sigmoid_baseline)
  let gelu = levels(ck_gelu, v4: ck_gelu_v4, v3: ck_gelu_v3, baseline: ck_gelu_baseline)
  let geluBackward = levels(
    ck_gelu_backward, v4: ck_gelu_backward_v4, v3: ck_gelu_backward_v3,
    baseline: ck_gelu_backward_baseline)

  /// Every `step`-th float between ±`bound`, of both signs and all exponents.
  static func floats(upTo bound: Float, step: Int) -> [Float] {
    stride(from: 0, through: Int(bound.bitPattern), by: step).flatMap {
      let x = Float(bitPattern: UInt32($0))
      return [x, -x]
    }
  }

  /// The largest error in ulp where the exact result is a normal number.
  static func worstUlp(_ actual: [Float], _ exact: [Double]) -> Double {
    zip(actual, exact).reduce(0) { worst, pair in
      let (found, wanted) = pair
      guard abs(wanted) >= Double(Float.leastNormalMagnitude) else { return worst }
      return max(worst, abs(Double(found) - wanted) / Double(Float(wanted).ulp))
    }
  }

  @Test func expIsWithinItsUlpBound() {
    let x = Self.floats(upTo: 88.7228, step: 40009)
    let exact = x.map { Foundation.exp(Double($0)) }
    for level in exp {
      let y = fresh(x.count) { level.call($0, x, x.count) }
      #expect(y.allSatisfy { $0.isFinite }, "\(level.name)")
      #expect(Self.worstUlp(y, exact) <= 1.25, "\(level.name)")
    }
  }

  @Test func sigmoidAndTanhAreWithinTheirUlpBounds() {
    let x = Self.floats(upTo: 87, step: 80021)
    for level in sigmoid {
      let y = fresh(x.count) { level.call($0, x, x.count) }
      let exact = x.map { 1 / (1 + Foundation.exp(-Double($0))) }
      #expect(Self.worstUlp(y, exact) <= 3, "\(level.name)")
    }
    for level in tanh {
      let y = fresh(x.count) { level.call($0, x, x.count) }
      #expect(Self.worstUlp(y, x.map { Foundation.tanh(Double($0)) }) <= 6, "\(level.name)")
    }
  }

  /// Φ through erfc keeps its digits in the lower tail.
  static func normal(_ x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }
  static func gelu(_ x: Double) -> Double { x * normal(x) }
  static func slope(_ x: Double) -> Double {
    normal(x) + x * Foundation.exp(-x * x / 2) / (2 * Double.pi).squareRoot()
  }

  @Test func geluIsWithinItsErrorBound() {
    let x = Self.floats(upTo: 12, step: 40009) + [13, -13, 50, -50]
    for level in gelu {
      let y = fresh(x.count) { level.call($0, x, x.count) }
      expectClose(
        y, x.map { Self.gelu(Double($0)) }, relative: 5e-6, absolute: 1e-36, level.name)
      let near = x.indices.filter { x[$0] > -3 }
      expectClose(
        near.map { y[$0] }, near.map { Self.gelu(Double(x[$0])) }, relative: 6e-7,
        absolute: 1e-38, "\(level.name), above -3")
    }
  }

  @Test func geluBackwardIsTheDerivative() {
    let points = stride(from: -6.0, through: 6.0, by: 0.125)
    for x in points {  // the closed form against differences, in double
      let difference = (Self.gelu(x + 1e-5) - Self.gelu(x - 1e-5)) / 2e-5
      #expect(abs(Self.slope(x) - difference) < 1e-9)
    }
    let x = Self.floats(upTo: 15, step: 40009)
    let dy = uniform(x.count, "dy")
    let exact = zip(x, dy).map { Self.slope(Double($0)) * Double($1) }
    for level in geluBackward {
      let dx = fresh(x.count) { level.call($0, x, dy, x.count) }
      expectClose(dx, exact, absolute: 6e-7, level.name)  // 2e-7 · |dy| ≤ 3
    }
  }

  @Test func edges() {
    let inf = Float.infinity, tiny = Float.leastNonzeroMagnitude
    let x: [Float] = [
      -inf, inf, .nan, 0, -0.0, 88, -87.25, 88.7228, 88.7229, 104, -104, tiny, -tiny, 3e38, -3e38,
    ]
    let exact: ((Double) -> Double) -> [Double] = { f in
      x.map { Double(Float(f(Double($0)))) }
    }
    func check(
      _ kernels: [Level<Map>], _ expected: [Double], _ name: String,
      at sourceLocation: SourceLocation = #_sourceLocation
    ) {
      for copies in [1, 3] {  // once shorter than a vector, once longer
        let x = Array(repeatElement(x, count: copies).joined())
        let expected = Array(repeatElement(expected, count: copies).joined())
        for level in kernels {
          let y = fresh(x.count) { level.call($0, x, x.count) }
          expectClose(
            y, expected, relative: 5e-7, absolute: 1.2e-38, "\(name), \(level.name)",
            at: sourceLocation)
        }
      }
    }
    check(exp, exact(Foundation.exp), "exp")
    check(tanh, exact(Foundation.tanh), "tanh")
    check(sigmoid, exact { 1 / (1 + Foundation.exp(-$0)) }, "sigmoid")
    check(gelu, exact { $0 == -.infinity ? 0 : Self.gelu($0) }, "gelu")
    for level in exp {
      let y = fresh(3) { level.call($0, [-inf, -104, -3e38], 3) }
      #expect(y == [0, 0, 0], "\(level.name)")
    }
    for level in geluBackward {
      let dx = fresh(5) { level.call($0, [-inf, inf, -50, 50, .nan], [1, 1, 1, 1, 1], 5) }
      expectClose(dx, [0, 1, 0, 1, .nan], level.name)
    }
  }

  /// A result depends on its own argument alone: not on its place, the length, the alignment,
  /// or on whether the kernel works in place.
  @Test func everySizePlaceAndAlignmentGivesTheSameBits() {
    for (name, kernels) in [
      ("exp", exp), ("tanh", tanh), ("sigmoid", sigmoid), ("gelu", gelu),
    ] {
      for level in kernels {
        let x = uniform(1100, "x")
        let single = x.map { value in fresh(1) { level.call($0, [value], 1) }[0] }
        for n in kernelSizes {
          for offset in [0, 1, 5] {
            let expected = Array(single[offset..<offset + n])
            let y = fresh(n) { y in
              x.withUnsafeBufferPointer { level.call(y, $0.baseAddress! + offset, n) }
            }
            expectSameBits(y, expected, "\(name), \(level.name), \(n) at \(offset)")
            let inPlace = buffer(from: Array(x[offset..<offset + n])) { level.call($0, $0, n) }
            expectSameBits(inPlace, expected, "\(name), \(level.name), \(n) in place")
          }
        }
      }
    }
  }

  @Test func geluWithBiasIsGeluOfTheSum() {
    let forward = levels(
      ck_bias_gelu, v4: ck_bias_gelu_v4, v3: ck_bias_gelu_v3, baseline: ck_bias_gelu_baseline)
    let backward = levels(
      ck_bias_gelu_backward, v4: ck_bias_gelu_backward_v4, v3: ck_bias_gelu_backward_v3,
      baseline: ck_bias_gelu_backward_baseline)
    for cols in kernelSizes {
      let rows = 3
      let x = uniform(rows * cols, "x")
      let dy = uniform(rows * cols, "dy")
      let bias = uniform(cols, "bias")
      let sums = x.indices.map { Double(x[$0] + bias[$0 % cols]) }
      for level in forward {
        let y = fresh(x.count) { level.call($0, x, bias, rows, cols) }
        expectClose(y, sums.map(Self.gelu), absolute: 1e-6, "\(level.name), \(cols)")
        let inPlace = buffer(from: x) { level.call($0, $0, bias, rows, cols) }
        expectSameBits(inPlace, y, "\(level.name), \(cols) in place")
      }
      for level in backward {
        let dx = fresh(x.count) { level.call($0, x, bias, dy, rows, cols) }
        let exact = zip(sums, dy).map { Self.slope($0) * Double($1) }
        expectClose(dx, exact, absolute: 6e-7, "\(level.name), \(cols)")
        let inPlace = buffer(from: dy) { level.call($0, x, bias, $0, rows, cols) }
        expectSameBits(inPlace, dx, "\(level.name), \(cols) in place")
      }
    }
  }
}
