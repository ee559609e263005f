import Autodiff
import CKernels
import CKernels.Levels
import Testing

/// Kernels on bytes, every level against plain loops: equal, since bytes are whole numbers.
@Suite struct KernelsPixelsTests {
  private typealias Bytes = UnsafeMutablePointer<UInt8>
  private let guardCount = 70

  private func random(_ count: Int, _ name: String) -> [UInt8] {
    var random = Random(seed: 1).split(name).split(count)
    return (0..<count).map { _ in UInt8(random.below(256)) }
  }

  /// What `body` makes of bytes that are all 77; fails if it wrote outside of them.
  private func written(_ count: Int, _ body: (Bytes) -> Void) -> [UInt8] {
    var all = [UInt8](repeating: 77, count: count + 2 * guardCount)
    all.withUnsafeMutableBufferPointer { body($0.baseAddress! + guardCount) }
    let fence = [UInt8](repeating: 77, count: guardCount)
    #expect(Array(all.prefix(guardCount)) == fence && Array(all.suffix(guardCount)) == fence)
    return Array(all.dropFirst(guardCount).dropLast(guardCount))
  }

  private func blend(_ a: Int, _ b: UInt8, _ factor: Float) -> UInt8 {
    UInt8(min(max(Float(a) + factor * Float(Int(b) - a), 0), 255))
  }

  private func luma(_ bytes: [UInt8], _ i: Int) -> Int {
    let (r, g, b) = (Int(bytes[3 * i]), Int(bytes[3 * i + 1]), Int(bytes[3 * i + 2]))
    return (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16
  }

  @Test func blends() {
    for level in levels(ck_blend, v4: ck_blend_v4, v3: ck_blend_v3, baseline: ck_blend_baseline) {
      for n in kernelSizes {
        for factor: Float in [0, 0.1, 0.7, 1, 1.81] {
          let (a, b) = (random(n, "a"), random(n, "b"))
          let expected = zip(a, b).map { blend(Int($0), $1, factor) }
          #expect(written(n) { level.call($0, a, b, factor, n) } == expected, "\(level.name), \(n)")
        }
      }
    }
  }

  @Test func grays() {
    for level in levels(
      ck_saturate, v4: ck_saturate_v4, v3: ck_saturate_v3, baseline: ck_saturate_baseline)
    {
      for n in kernelSizes {
        let x = random(3 * n, "x")
        let expected = x.indices.map { blend(luma(x, $0 / 3), x[$0], 1.3) }
        #expect(written(3 * n) { level.call($0, x, 1.3, n) } == expected, "\(level.name), \(n)")
      }
    }
    for level in levels(
      ck_luma_sum, v4: ck_luma_sum_v4, v3: ck_luma_sum_v3, baseline: ck_luma_sum_baseline)
    {
      for n in kernelSizes + [4096, 4097, 9000] {
        let x = random(3 * n, "x")
        #expect(level.call(x, n) == Int64((0..<n).map { luma(x, $0) }.reduce(0, +)))
      }
    }
  }

  @Test func smooths() {
    for level in levels(
      ck_smooth, v4: ck_smooth_v4, v3: ck_smooth_v3, baseline: ck_smooth_baseline)
    {
      for n in kernelSizes {
        let stride = n + 6
        let x = random(3 * stride, "x")
        let expected = (0..<n).map { i in
          let sum = (-1...1).flatMap { y in (-1...1).map { (y, $0) } }.reduce(0) { sum, place in
            let weight = place == (0, 0) ? 5 : 1
            return sum + weight * Int(x[(1 + place.0) * stride + 3 + i + 3 * place.1])
          }
          return UInt8((Double(sum) / 13).rounded())
        }
        x.withUnsafeBufferPointer { x in
          let here = x.baseAddress! + stride + 3
          #expect(written(n) { level.call($0, here, stride, n) } == expected, "\(level.name), \(n)")
        }
      }
    }
  }

  @Test(arguments: [0, 1, 2, 5]) func boxes(radius: Int) {
    let size = Double(radius) + 0.37
    let weight = UInt32(Double(1 << 24) / (2 * size + 1))
    let edge = ((1 << 24) - UInt32(2 * radius + 1) * weight) / 2
    for level in levels(ck_box, v4: ck_box_v4, v3: ck_box_v3, baseline: ck_box_baseline) {
      for n in kernelSizes {
        for step in [3, 17] {
          let margin = (radius + 1) * step
          let x = random(n + 2 * margin, "x").map { $0 > 100 ? $0 : 255 }
          let expected = (0..<n).map { i in
            let middle = margin + i
            let whole = (-radius...radius).reduce(UInt32(0)) { $0 + UInt32(x[middle + $1 * step]) }
            let ends = UInt32(x[middle - margin]) + UInt32(x[middle + margin])
            return UInt8((whole * weight + ends * edge + 1 << 23) >> 24)
          }
          x.withUnsafeBufferPointer { x in
            let from = x.baseAddress! + margin
            let found = written(n) { level.call($0, from, step, radius, weight, edge, n) }
            #expect(found == expected, "\(level.name), \(n)")
          }
        }
      }
    }
  }

  /// Two pixels around 11 × 9, their formulas in double precision.
  @Test(arguments: [true, false]) func affineRows(cubic: Bool) {
    let (width, height, stride) = (11, 9, 3 * 15)
    let pixels = random(13 * stride + 4, "pixels").enumerated().map { $0 % 7 < 3 ? 200 : $1 }
    let maps: [[Double]] = [
      [1, 0, 0, 0, 1, 0], [0.9, 0.43, -1, -0.43, 0.9, 2.2], [1, 0.27, 0, 0, 1, 0],
      [1, 0, 0, 0.25, 1, 0], [1, 0, 2.5, 0, 1, 0], [0.1, 0, 3, 0, 0.1, 3],
    ]
    func taps(_ v: [Double], _ d: Double) -> Double {
      guard cubic else { return v[1] + (v[2] - v[1]) * d }
      let (p2, p3) = (v[2] - v[0], 2 * (v[0] - v[1]) + v[2] - v[3])
      return v[1] + d * (p2 + d * (p3 + d * (v[1] - v[0] - v[2] + v[3])))
    }
    for a in maps {
      for y in 0..<height {
        var expected = [UInt8](repeating: 77, count: 3 * 200)
        for x in 0..<200 {
          let (cx, cy) = (Double(x) + 0.5, Double(y) + 0.5)
          let (u, v) = (a[0] * cx + a[1] * cy + a[2], a[3] * cx + a[4] * cy + a[5])
          guard u >= 0, u < Double(width), v >= 0, v < Double(height) else { continue }
          let (column, row) = (Int((u - 0.5).rounded(.down)), Int((v - 0.5).rounded(.down)))
          for c in 0..<3 {
            let rows = (-1...2).map { r in
              let line = (2 + row + r) * stride
              return taps(
                (-1...2).map { Double(pixels[line + 3 * (2 + column + $0) + c]) },
                u - 0.5 - Double(column))
            }
            expected[3 * x + c] = UInt8(min(max(taps(rows, v - 0.5 - Double(row)), 0), 255))
          }
        }
        for level in levels(
          ck_affine_row, v4: ck_affine_row_v4, v3: ck_affine_row_v3,
          baseline: ck_affine_row_baseline)
        {
          pixels.withUnsafeBufferPointer { pixels in
            let first = pixels.baseAddress! + 2 * stride + 6
            let found = written(600) {
              level.call($0, first, stride, width, height, a, Double(y), cubic ? 1 : 0, 200)
            }
            #expect(found == expected, "\(level.name), row \(y) of \(a)")
          }
        }
      }
    }
  }
}
