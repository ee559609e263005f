import CKernels
import CKernels.Levels
import Foundation
import Testing

/// The gated softmax of scores to which a bias is added, against double; its gradients against
/// finite differences.
@Suite struct KernelsAttentionBiasTests {
  let kernels = KernelsAttentionTests()
  static let (rows, scale, gate) = (
    KernelsAttentionTests.rows, KernelsAttentionTests.scale, KernelsAttentionTests.gate
  )

  /// Scores, a bias in which every third element is −∞ but the first, and a map of positions.
  static func inputs(_ cols: Int) -> (s: [Float], bias: [Float], position: [Float]) {
    let (s, position) = KernelsAttentionTests.inputs(cols)
    let bias = uniform(s.count, "bias", bound: 4).enumerated().map { index, value in
      index % cols > 0 && index % cols % 3 == 0 ? -Float.infinity : value
    }
    return (s, bias, position)
  }

  /// A of one row.
  static func blend(_ s: [Double], _ bias: [Double], _ position: [Double]?) -> [Double] {
    let p = KernelsSoftmaxTests.softmax(zip(s, bias).map { Double(scale) * $0 + $1 })
    guard let position else { return p }
    return zip(p, position).map { (1 - Double(gate)) * $0 + Double(gate) * $1 }
  }

  @Test(arguments: [false, true]) func everySize(isGated: Bool) {
    for cols in kernelSizes {
      let (s, bias, map) = Self.inputs(cols)
      let position = isGated ? map : nil
      let expected = (0..<Self.rows).flatMap {
        Self.blend(
          s.doubles.row($0, cols), bias.doubles.row($0, cols), position?.doubles.row($0, cols))
      }
      for level in kernels.forward {
        let what = "\(level.name), \(cols)"
        let a = fresh(s.count) {
          level.call($0, s, Self.scale, bias, position, Self.gate, Self.rows, cols)
        }
        expectClose(a, expected, relative: 3e-6, what)
        let inPlace = buffer(from: s) {
          level.call($0, $0, Self.scale, bias, position, Self.gate, Self.rows, cols)
        }
        expectSameBits(inPlace, a, "\(what) in place")
      }
    }
  }

  /// A row of nothing but −∞ has a softmax and gradients of 0, and leaves the next row alone; a NaN
  /// in it stays one.
  @Test func aRowOfNothing() {
    let inf = Float.infinity
    for cols in kernelSizes where cols > 0 {
      let s = uniform(2 * cols, "s")
      let da = uniform(2 * cols, "da")
      let bias = (0..<2 * cols).map { $0 < cols ? -inf : 0 }
      let nothing = [Float](repeating: 0, count: cols)
      for level in kernels.forward {
        let what = "\(level.name), \(cols)"
        let a = fresh(s.count) { level.call($0, s, 1, bias, nil, .nan, 2, cols) }
        let free = fresh(cols) {
          level.call($0, Array(s[cols...]), 1, nil, nil, .nan, 1, cols)
        }
        expectSameBits(Array(a[..<cols]), nothing, what)
        expectClose(Array(a[cols...]), free.doubles, relative: 2e-6, what)
        let bad = fresh(cols) {
          level.call(
            $0, [Float](repeating: .nan, count: cols), 1, bias, nil, .nan, 1, cols)
        }
        #expect(bad.allSatisfy { $0.isNaN }, "\(what)")
      }
      for level in kernels.backward {
        let what = "\(level.name), \(cols)"
        var (ds, dbias): ([Float], [Float]) = ([], [])
        let a = fresh(s.count) { a in
          ds = fresh(s.count) { ds in
            dbias = buffer(from: nothing + nothing) { dbias in
              level.call(a, ds, dbias, nil, nil, s, da, 1, bias, nil, .nan, 2, cols)
            }
          }
        }
        for result in [a, ds, dbias] {
          expectClose(
            Array(result[..<cols]), nothing.doubles, "\(what)")
          #expect(result[cols...].allSatisfy { $0.isFinite }, "\(what)")
        }
      }
    }
  }

  @Test(arguments: [false, true]) func backwardIsTheDerivative(isGated: Bool) {
    let rows = Self.rows
    for cols in kernelSizes where cols < 256 {
      let (s, bias, map) = Self.inputs(cols)
      let position = isGated ? map : nil
      let (da, start) = (uniform(s.count, "da"), uniform(s.count, "start"))
      let row: ([Float], Int) -> [Double] = { $0.doubles.row($1, cols) }
      let a = (0..<rows).flatMap { r in
        Self.blend(row(s, r), row(bias, r), position.map { row($0, r) })
      }
      let ds = (0..<rows).flatMap { r in
        numericalGradient(at: row(s, r)) {
          dot(row(da, r), Self.blend($0, row(bias, r), position.map { row($0, r) }))
        }
      }
      for level in kernels.backward {
        let what = "\(level.name), \(cols)"
        var (dsOut, dbias): ([Float], [Float]) = ([], [])
        let aOut = fresh(s.count) { a in
          dsOut = fresh(s.count) { ds in
            dbias = buffer(from: start) {
              level.call(
                a, ds, $0, nil, nil, s, da, Self.scale, bias, position, Self.gate, rows, cols)
            }
          }
        }
        expectClose(aOut, a, relative: 3e-6, "\(what), a")
        expectClose(dsOut, ds, absolute: 1e-6, "\(what), ds")
        let scale = Double(Self.scale)  // the scores move with scale · s
        expectClose(
          dbias, zip(ds, start).map { $0 / scale + Double($1) }, absolute: 2e-6, "\(what), bias")

        var dsInPlace: [Float] = []
        let aInPlace = buffer(from: s) { a in
          dsInPlace = buffer(from: da) {
            level.call(
              a, $0, nil, nil, nil, a, $0, Self.scale, bias, position, Self.gate, rows, cols)
          }
        }
        expectSameBits(aInPlace, aOut, "\(what), a in place")
        expectSameBits(dsInPlace, dsOut, "\(what), ds in place")
      }
    }
  }
}
