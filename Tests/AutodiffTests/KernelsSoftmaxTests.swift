import CKernels
import CKernels.Levels
import Foundation
import Testing

/// Softmax and log-softmax against double; their gradients against finite differences.
@Suite struct KernelsSoftmaxTests {
  let softmax = levels(
    ck_softmax, v4: ck_softmax_v4, v3: ck_softmax_v3, baseline: ck_softmax_baseline)
  let logSoftmax = levels(
    ck_log_softmax, v4: ck_log_softmax_v4, v3: ck_log_softmax_v3, baseline: ck_log_softmax_baseline)

  /// softmax(scale x) of one row.
  static func softmax(_ x: [Double], scale: Double = 1) -> [Double] {
    let largest = x.map { $0 * scale }.max() ?? 0
    let e = x.map { exp($0 * scale - largest) }
    let sum = e.reduce(0, +)
    return e.map { $0 / sum }
  }

  static func logSoftmax(_ x: [Double]) -> [Double] { softmax(x).map { log($0) } }

  static let rows = 3

  @Test func softmaxOfEverySize() {
    for cols in kernelSizes {
      for scale: Float in [1, 0.125, -2] {
        let x = uniform(Self.rows * cols, "x", bound: 8)
        let expected = (0..<Self.rows).flatMap {
          Self.softmax(x.doubles.row($0, cols), scale: Double(scale))
        }
        for level in softmax {
          let y = fresh(x.count) { level.call($0, x, scale, Self.rows, cols) }
          // scale x rounds by 2⁻²⁴ of |scale x - max| ≤ 32
          expectClose(y, expected, relative: 4e-6, "\(level.name), \(cols), scale \(scale)")
          let inPlace = buffer(from: x) { level.call($0, $0, scale, Self.rows, cols) }
          expectSameBits(inPlace, y, "\(level.name), \(cols) in place")
        }
      }
    }
  }

  @Test func masksAndExtremes() {
    let inf = Float.infinity
    for level in softmax {
      for cols in [1, 2, 5, 16, 21, 64, 196] {
        #expect(fresh(1) { level.call($0, [-300], 2, 1, 1) } == [1], "a row of one")

        var x = uniform(cols, "x")
        for c in stride(from: 1, to: cols, by: 3) { x[c] = -inf }
        let y = fresh(cols) { level.call($0, x, 0.5, 1, cols) }
        expectClose(y, Self.softmax(x.doubles, scale: 0.5), relative: 1e-6, "\(level.name) masked")
        #expect(x.indices.allSatisfy { (x[$0] == -inf) == (y[$0] == 0) }, "\(level.name)")

        var spread = [Float](repeating: -3e38, count: cols)
        spread[cols / 2] = 3e38
        let one = fresh(cols) { level.call($0, spread, 1, 1, cols) }
        #expect(one.indices.allSatisfy { one[$0] == ($0 == cols / 2 ? 1 : 0) }, "\(level.name)")

        let nan = [Double](repeating: .nan, count: cols)
        let masked = [Float](repeating: -inf, count: cols)
        expectClose(fresh(cols) { level.call($0, masked, 1, 1, cols) }, nan, level.name)
        for bad in [Float.nan, inf] {
          x[cols / 2] = bad
          let y = fresh(cols) { level.call($0, x, 1, 1, cols) }
          expectClose(y, nan, "\(level.name), \(bad)")
        }
      }
    }
  }

  @Test func softmaxBackwardIsTheDerivative() {
    let kernels = levels(
      ck_softmax_backward, v4: ck_softmax_backward_v4, v3: ck_softmax_backward_v3,
      baseline: ck_softmax_backward_baseline)
    let scale = 0.5
    for cols in kernelSizes where cols < 256 {
      let x = uniform(2 * cols, "x")
      let dy = uniform(2 * cols, "dy")
      let y = (0..<2).flatMap { Self.softmax(x.doubles.row($0, cols), scale: scale) }
      let expected = (0..<2).flatMap { r in
        numericalGradient(at: x.doubles.row(r, cols)) {
          dot(dy.doubles.row(r, cols), Self.softmax($0, scale: scale))
        }
      }
      for level in kernels {
        let dx = fresh(x.count) { level.call($0, y.map(Float.init), dy, Float(scale), 2, cols) }
        expectClose(dx, expected, absolute: 1e-6, "\(level.name), \(cols)")
        let inPlace = buffer(from: dy) {
          level.call($0, y.map(Float.init), $0, Float(scale), 2, cols)
        }
        expectSameBits(inPlace, dx, "\(level.name), \(cols) in place")
      }
    }
  }

  @Test func logSoftmaxOfEverySize() {
    for cols in kernelSizes {
      let x = uniform(Self.rows * cols, "x", bound: 8)
      let expected = (0..<Self.rows).flatMap { Self.logSoftmax(x.doubles.row($0, cols)) }
      for level in logSoftmax {
        let y = fresh(x.count) { level.call($0, x, Self.rows, cols) }
        expectClose(y, expected, relative: 1e-7, absolute: 2e-6, "\(level.name), \(cols)")
        let inPlace = buffer(from: x) { level.call($0, $0, Self.rows, cols) }
        expectSameBits(inPlace, y, "\(level.name), \(cols) in place")
      }
    }
    for level in logSoftmax {  // far from zero, far apart, and masked
      let y = fresh(3) { level.call($0, [1e4, 1e4 - 200, -.infinity], 1, 3) }
      expectClose(y, [0, -200, -.infinity], level.name)
    }
  }

  @Test func logSoftmaxBackwardIsTheDerivative() {
    let kernels = levels(
      ck_log_softmax_backward, v4: ck_log_softmax_backward_v4, v3: ck_log_softmax_backward_v3,
      baseline: ck_log_softmax_backward_baseline)
    for cols in kernelSizes where cols < 256 {
      let x = uniform(2 * cols, "x")
      let dy = uniform(2 * cols, "dy")
      let y = (0..<2).flatMap { Self.logSoftmax(x.doubles.row($0, cols)) }.map(Float.init)
      let expected = (0..<2).flatMap { r in
        numericalGradient(at: x.doubles.row(r, cols)) {
          dot(dy.doubles.row(r, cols), Self.logSoftmax($0))
        }
      }
      for level in kernels {
        let dx = fresh(x.count) { level.call($0, y, dy, 2, cols) }
        expectClose(dx, expected, absolute: 3e-6, "\(level.name), \(cols)")
        let inPlace = buffer(from: dy) { level.call($0, y, $0, 2, cols) }
        expectSameBits(inPlace, dx, "\(level.name), \(cols) in place")
      }
    }
  }
}
