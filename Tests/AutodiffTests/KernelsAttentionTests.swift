import CKernels
import CKernels.Levels
import Foundation
import Testing

/// The gated softmax of GPSA against double; its gradients against finite differences.
@Suite struct KernelsAttentionTests {
  let forward = levels(
    ck_gated_softmax, v4: ck_gated_softmax_v4, v3: ck_gated_softmax_v3,
    baseline: ck_gated_softmax_baseline)
  let backward = levels(
    ck_gated_softmax_backward, v4: ck_gated_softmax_backward_v4, v3: ck_gated_softmax_backward_v3,
    baseline: ck_gated_softmax_backward_baseline)

  static let rows = 3
  static let scale: Float = 0.5
  static let gate: Float = 0.3

  /// A = (1 - gate) softmax(scale s) + gate position, of one row.
  static func blend(_ s: [Double], _ position: [Double], gate: Double) -> [Double] {
    zip(KernelsSoftmaxTests.softmax(s, scale: Double(scale)), position)
      .map { (1 - gate) * $0 + gate * $1 }
  }

  /// Scores and a map of positions, whose rows sum to 1.
  static func inputs(_ cols: Int) -> (s: [Float], position: [Float]) {
    let logits = uniform(rows * cols, "position").doubles
    let position = (0..<rows).flatMap { KernelsSoftmaxTests.softmax(logits.row($0, cols)) }
    return (uniform(rows * cols, "s", bound: 8), position.map(Float.init))
  }

  @Test func everySize() {
    for cols in kernelSizes {
      let (s, position) = Self.inputs(cols)
      let expected = (0..<Self.rows).flatMap {
        Self.blend(
          s.doubles.row($0, cols), position.doubles.row($0, cols), gate: Double(Self.gate))
      }
      for level in forward {
        let what = "\(level.name), \(cols)"
        let a = fresh(s.count) {
          level.call($0, s, Self.scale, nil, position, Self.gate, Self.rows, cols)
        }
        expectClose(a, expected, relative: 2e-6, what)
        let inPlace = buffer(from: s) {
          level.call($0, $0, Self.scale, nil, position, Self.gate, Self.rows, cols)
        }
        expectSameBits(inPlace, a, "\(what) in place")
      }
    }
  }

  @Test func withoutPositionItIsSoftmax() {
    for cols in kernelSizes {
      let (s, _) = Self.inputs(cols)
      let expected = (0..<Self.rows).flatMap {
        KernelsSoftmaxTests.softmax(s.doubles.row($0, cols), scale: Double(Self.scale))
      }
      for level in forward {
        let a = fresh(s.count) { level.call($0, s, Self.scale, nil, nil, .nan, Self.rows, cols) }
        expectClose(a, expected, relative: 2e-6, "\(level.name), \(cols)")
      }
    }
  }

  @Test func masksAndGates() {
    let inf = Float.infinity
    let s: [Float] = [0, -inf, 0, -inf]
    let position: [Float] = [0.25, 0.25, 0.5, 0]
    for level in forward {
      let closed = fresh(4) { level.call($0, s, 1, nil, position, 0, 1, 4) }
      expectSameBits(closed, [0.5, 0, 0.5, 0], "\(level.name), gate 0")
      let open = fresh(4) { level.call($0, s, 1, nil, position, 1, 1, 4) }
      expectSameBits(open, position, "\(level.name), gate 1")
    }
  }

  @Test func backwardIsTheDerivative() {
    let rows = Self.rows
    for cols in kernelSizes where cols < 256 {
      let (s, position) = Self.inputs(cols)
      let da = uniform(s.count, "da")
      let start = uniform(s.count, "start")
      let gate = Double(Self.gate)

      let loss: (Int, [Double], [Double], Double) -> Double = { r, s, position, gate in
        dot(da.doubles.row(r, cols), Self.blend(s, position, gate: gate))
      }
      let sRow: (Int) -> [Double] = { s.doubles.row($0, cols) }
      let pRow: (Int) -> [Double] = { position.doubles.row($0, cols) }
      let a = (0..<rows).flatMap { Self.blend(sRow($0), pRow($0), gate: gate) }
      let ds = (0..<rows).flatMap { r in
        numericalGradient(at: sRow(r)) { loss(r, $0, pRow(r), gate) }
      }
      let dposition = (0..<rows).flatMap { r in
        numericalGradient(at: pRow(r)) { loss(r, sRow(r), $0, gate) }
      }
      let dgate = numericalGradient(at: [gate]) { gate in
        (0..<rows).reduce(0) { $0 + loss($1, sRow($1), pRow($1), gate[0]) }
      }[0]

      for level in backward {
        let what = "\(level.name), \(cols)"
        var (dsOut, dpOut, dg): ([Float], [Float], Double) = ([], [], 7)
        let aOut = fresh(s.count) { a in
          dsOut = fresh(s.count) { ds in
            dpOut = buffer(from: start) {
              level.call(
                a, ds, nil, $0, &dg, s, da, Self.scale, nil, position, Self.gate, rows, cols)
            }
          }
        }
        expectClose(aOut, a, relative: 2e-6, "\(what), a")
        expectClose(dsOut, ds, absolute: 1e-6, "\(what), ds")
        expectClose(dpOut, zip(dposition, start).map { $0 + Double($1) }, absolute: 1e-6, what)
        #expect(abs(dg - 7 - dgate) < 1e-5, "\(what), gate")

        var dsInPlace: [Float] = []
        let aInPlace = buffer(from: s) { a in
          dsInPlace = buffer(from: da) {
            level.call(
              a, $0, nil, nil, nil, a, $0, Self.scale, nil, position, Self.gate, rows, cols)
          }
        }
        expectSameBits(aInPlace, aOut, "\(what), a in place")
        expectSameBits(dsInPlace, dsOut, "\(what), ds in place")
      }
    }
  }

  @Test func backwardWithoutPosition() {
    let rows = Self.rows
    for cols in kernelSizes where cols < 256 {
      let (s, _) = Self.inputs(cols)
      let da = uniform(s.count, "da")
      let scale = Double(Self.scale)
      let a = (0..<rows).flatMap {
        KernelsSoftmaxTests.softmax(s.doubles.row($0, cols), scale: scale)
      }
      let ds = (0..<rows).flatMap { r in
        numericalGradient(at: s.doubles.row(r, cols)) {
          dot(da.doubles.row(r, cols), KernelsSoftmaxTests.softmax($0, scale: scale))
        }
      }
      for level in backward {
        let what = "\(level.name), \(cols)"
        var dsOut: [Float] = []
        var dg = 7.0
        let untouched = uniform(s.count, "dposition")
        var dpOut: [Float] = []
        let aOut = fresh(s.count) { a in
          dsOut = fresh(s.count) { ds in
            dpOut = buffer(from: untouched) {
              level.call(a, ds, nil, $0, &dg, s, da, Self.scale, nil, nil, .nan, rows, cols)
            }
          }
        }
        expectClose(aOut, a, relative: 2e-6, "\(what), a")
        expectClose(dsOut, ds, absolute: 1e-6, "\(what), ds")
        expectSameBits(dpOut, untouched, what)
        #expect(dg == 7, "\(what)")
      }
    }
  }
}
