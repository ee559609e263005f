import CKernels
import CKernels.Levels
import Foundation
import Testing

/// Sums and rows against sums in double.
@Suite struct KernelsReductionTests {
  @Test func sums() {
    for n in kernelSizes + [4096, 4097, 30_001] {
      let a = uniform(n, "a")
      let b = uniform(n, "b")
      // Each of at least 8 partial sums of a block rounds by 2⁻²⁴ of at most its Σ|x|.
      let size = a.doubles.reduce(0) { $0 + abs($1) }
      for level in levels(ck_sum, v4: ck_sum_v4, v3: ck_sum_v3, baseline: ck_sum_baseline) {
        expectClose(
          [level.call(a, n)], [a.doubles.reduce(0, +)], absolute: 1e-6 * size,
          "sum, \(level.name), \(n)")
      }
      for level in levels(ck_dot, v4: ck_dot_v4, v3: ck_dot_v3, baseline: ck_dot_baseline) {
        expectClose(
          [level.call(a, b, n)], [dot(a.doubles, b.doubles)], absolute: 3e-6 * size,
          "dot, \(level.name), \(n)")
      }
      for level in levels(
        ck_sum_squares, v4: ck_sum_squares_v4, v3: ck_sum_squares_v3,
        baseline: ck_sum_squares_baseline)
      {
        let exact = dot(a.doubles, a.doubles)
        #expect(abs(level.call(a, n) - exact) <= 1e-13 * exact, "\(level.name), \(n)")
      }
    }
  }

  @Test func entropy() {
    for n in kernelSizes + [4097] {
      // Numbers from 0 to 1, many of them tiny, with both ends among them.
      var x = uniform(n, "p").map { abs($0).truncatingRemainder(dividingBy: 1) }
      for index in stride(from: 0, to: n, by: 3) { x[index] *= x[index] * x[index] * 1e-3 }
      for (index, value) in [0, 1, Float.leastNonzeroMagnitude, 0.5].enumerated() where index < n {
        x[index] = value
      }
      let exact = x.doubles.reduce(0) { $0 - ($1 > 0 ? $1 * log($1) : 0) }
      // As in `sums`: partial sums round by 2⁻²⁴ of at most the whole.
      for level in levels(
        ck_entropy, v4: ck_entropy_v4, v3: ck_entropy_v3, baseline: ck_entropy_baseline)
      {
        #expect(abs(level.call(x, n) - exact) <= 1e-6 * max(exact, 1), "\(level.name), \(n)")
      }
    }
  }

  @Test func sumSquaresDoesNotOverflow() {
    let x = [Float](repeating: 3e38, count: 40)
    #expect(ck_sum_squares(x, 40).isFinite)
  }

  @Test func sumsDoNotDependOnAlignment() {
    let x = uniform(1100, "x")
    for level in levels(ck_sum, v4: ck_sum_v4, v3: ck_sum_v3, baseline: ck_sum_baseline) {
      for n in kernelSizes {
        let sums = (0..<16).map { shift in
          let shifted = [Float](repeating: 0, count: shift) + x
          return shifted.withUnsafeBufferPointer { level.call($0.baseAddress! + shift, n) }
        }
        #expect(sums.allSatisfy { $0 == sums[0] }, "\(level.name), \(n)")
      }
    }
  }

  @Test func allFinite() {
    for level in levels(
      ck_all_finite, v4: ck_all_finite_v4, v3: ck_all_finite_v3, baseline: ck_all_finite_baseline)
    {
      for n in kernelSizes {
        var x = uniform(n, "x", bound: 3e38)
        #expect(level.call(x, n) == 1, "\(level.name), \(n)")
        for place in Set([0, n / 2, n - 1]) where n > 0 {
          for value in [Float.infinity, -.infinity, .nan] {
            let kept = x[place]
            x[place] = value
            #expect(level.call(x, n) == 0, "\(level.name), \(n) at \(place)")
            x[place] = kept
          }
        }
      }
    }
  }

  @Test func rows() {
    for cols in kernelSizes {
      for rows in [0, 1, 3, 4, 5, 9] {
        let x = uniform(rows * cols, "x")
        let bias = uniform(cols, "bias")
        let sums = x.indices.map { x[$0] + bias[$0 % cols] }
        for level in levels(
          ck_add_row, v4: ck_add_row_v4, v3: ck_add_row_v3, baseline: ck_add_row_baseline)
        {
          let out = buffer(from: x) { level.call($0, bias, rows, cols) }
          expectSameBits(out, sums, "add_row, \(level.name), \(rows) × \(cols)")
        }
        for level in levels(
          ck_add_bias, v4: ck_add_bias_v4, v3: ck_add_bias_v3, baseline: ck_add_bias_baseline)
        {
          let out = fresh(x.count) { level.call($0, x, bias, rows, cols) }
          expectSameBits(out, sums, "add_bias, \(level.name), \(rows) × \(cols)")
          let inPlace = buffer(from: x) { level.call($0, $0, bias, rows, cols) }
          expectSameBits(inPlace, sums, "add_bias, \(level.name), \(rows) × \(cols)")
        }
        for level in levels(
          ck_sum_rows, v4: ck_sum_rows_v4, v3: ck_sum_rows_v3, baseline: ck_sum_rows_baseline)
        {
          for beta: Float in [0, 1, 0.5] {
            let start = beta == 0 ? [Float](repeating: .nan, count: cols) : bias
            let out = buffer(from: start) { level.call($0, x, rows, cols, beta) }
            let expected = (0..<cols).map { c in
              (0..<rows).reduce(beta == 0 ? 0 : Double(beta * bias[c])) {
                $0 + Double(x[$1 * cols + c])
              }
            }
            expectClose(
              out, expected, absolute: 1e-5, "sum_rows, \(level.name), \(rows) × \(cols), \(beta)")
          }
        }
      }
    }
  }
}
