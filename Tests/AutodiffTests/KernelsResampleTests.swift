import CKernels
import CKernels.Levels
import Testing

@testable import Autodiff

/// The resampling kernels against the plain sums, for every byte.
@Suite struct KernelsResampleTests {
  /// Random taps on `source` pixels: as many of them as fit, some of them negative.
  private struct Taps {
    var starts: [Int32] = []
    var counts: [Int32] = []
    var weights: [Int32] = []
    let stride = 5

    init(_ count: Int, source: Int, _ random: inout Random) {
      for index in 0..<count {
        let start = random.below(source)
        starts.append(Int32(start))
        counts.append(Int32(1 + random.below(min(stride, source - start))))
        // Sums from below 0 to above 255, within 2³¹.
        weights += (0..<stride).map { _ in
          index % 2 == 0 ? 1_600_000 : Int32(random.below(2_400_000)) - 1_200_000
        }
      }
    }

    func withUnsafeTaps(_ body: (UnsafePointer<ck_resampling>) -> Void) {
      starts.withUnsafeBufferPointer { starts in
        counts.withUnsafeBufferPointer { counts in
          weights.withUnsafeBufferPointer { weights in
            var taps = ck_resampling(
              count: starts.count, stride: stride, starts: starts.baseAddress,
              counts: counts.baseAddress, weights: weights.baseAddress)
            body(&taps)
          }
        }
      }
    }

    /// Target `i` of the bytes that are `step` apart from `offset` on.
    func byte(_ i: Int, of x: [UInt8], at offset: Int, step: Int) -> UInt8 {
      var sum = 0.5
      for k in 0..<Int(counts[i]) {
        let source = Double(x[offset + (Int(starts[i]) + k) * step])
        sum += source * Double(weights[i * stride + k]) / Double(1 << 22)
      }
      return UInt8(min(max(sum.rounded(.down), 0), 255))
    }
  }

  @Test(arguments: [1, 2, 15, 16, 17, 40], [1, 3, 5, 6, 11, 43])
  func everyByteIsTheRoundedSum(rows: Int, cols: Int) {
    var random = Random(seed: 4).split(rows).split(cols)
    let stride = 3 * cols + 2  // two bytes between the rows
    let x = (0..<(rows * stride - 2)).map { _ in UInt8(random.below(256)) }
    let across = Taps(7, source: cols, &random)
    let down = Taps(5, source: rows, &random)
    for level in levels(
      ck_resample_rows, v4: ck_resample_rows_v4, v3: ck_resample_rows_v3,
      baseline: ck_resample_rows_baseline)
    {
      var out = [UInt8](repeating: 99, count: rows * 3 * 7 + 1)
      var scratch = [UInt8](repeating: 0, count: 3 * 16 * (cols + 7))
      across.withUnsafeTaps { level.call(&out, x, stride, rows, cols, $0, &scratch) }
      let expected = (0..<(rows * 21)).map { index in
        across.byte(
          index % 21 / 3, of: x, at: index / 21 * stride + index % 3, step: 3)
      }
      #expect(out == expected + [99], "rows, \(level.name)")
    }
    for level in levels(
      ck_resample_columns, v4: ck_resample_columns_v4, v3: ck_resample_columns_v3,
      baseline: ck_resample_columns_baseline)
    {
      var out = [UInt8](repeating: 99, count: 5 * 3 * cols + 1)
      down.withUnsafeTaps { level.call(&out, x, stride, cols, $0) }
      let expected = (0..<(5 * 3 * cols)).map { index in
        down.byte(index / (3 * cols), of: x, at: index % (3 * cols), step: stride)
      }
      #expect(out == expected + [99], "columns, \(level.name)")
    }
  }
}
