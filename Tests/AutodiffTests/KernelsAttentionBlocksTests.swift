import CKernels
import CKernels.Levels
import Foundation
import Testing

/// The softmax that sees its rows block by block, against one of whole rows in double precision.
@Suite struct KernelsAttentionBlocksTests {
  let block = levels(
    ck_softmax_block, v4: ck_softmax_block_v4, v3: ck_softmax_block_v3,
    baseline: ck_softmax_block_baseline)
  let end = levels(
    ck_softmax_end, v4: ck_softmax_end_v4, v3: ck_softmax_end_v3, baseline: ck_softmax_end_baseline)
  let backward = levels(
    ck_softmax_block_backward, v4: ck_softmax_block_backward_v4,
    v3: ck_softmax_block_backward_v3, baseline: ck_softmax_block_backward_baseline)

  static let rows = 3
  static let scale: Float = 0.5
  /// Columns of a row block by block: around vectors, one at a time, and one block.
  static let blocks = [[17, 1, 40], [8, 16, 33], [5], [100, 60], [1, 1, 2]]

  /// Scores, biases that forbid a fifth of them, all of the last row and the first block of the
  /// second, and P.
  static func inputs(_ blocks: [Int], isBiased: Bool) -> (s: [Float], bias: [Float]?, p: [Double]) {
    let cols = blocks.reduce(0, +)
    let s = uniform(rows * cols, "s", bound: 8)
    var bias = uniform(rows * cols, "bias")
    for i in bias.indices where i % 5 == 2 || i / cols == 2 || i / cols == 1 && i % cols < blocks[0]
    { bias[i] = -.infinity }
    let p = (0..<rows).flatMap { row in
      let scores = (0..<cols).map {
        Double(scale * s[row * cols + $0]) + (isBiased ? Double(bias[row * cols + $0]) : 0)
      }
      let max = scores.max()!
      let e = scores.map { max == -.infinity ? 0 : exp($0 - max) }
      let sum = e.reduce(0, +)
      return e.map { sum == 0 ? 0 : $0 / sum }
    }
    return (s, isBiased ? bias : nil, p)
  }

  /// The columns of a block of all rows.
  static func columns(_ x: [Float], _ range: Range<Int>, of cols: Int) -> [Float] {
    (0..<rows).flatMap { x[$0 * cols + range.lowerBound..<$0 * cols + range.upperBound] }
  }

  @Test(arguments: blocks, [false, true]) func isTheSoftmax(_ blocks: [Int], isBiased: Bool) {
    let cols = blocks.reduce(0, +)
    let (s, bias, p) = Self.inputs(blocks, isBiased: isBiased)
    let values = uniform(cols, "values")
    for (level, end, backward) in zip3(block, end, backward) {
      let what = "\(level.name) \(blocks) \(isBiased)"
      var max = [Float](repeating: -.infinity, count: Self.rows)
      var sum = [Float](repeating: 0, count: Self.rows)
      var y = [Float](repeating: 0, count: Self.rows * 2)  // one column in rows two apart
      var first = 0
      for count in blocks {
        var e = Self.columns(s, first..<first + count, of: cols)
        let place = bias.map { Array($0[first...]) }
        level.call(&e, &max, &sum, &y, 2, 1, Self.scale, place, cols, Self.rows, count)
        for row in 0..<Self.rows {
          for c in 0..<count { y[2 * row] += e[row * count + c] * values[first + c] }
        }
        first += count
      }
      end.call(&max, &sum, &y, 2, 1, Self.rows)
      for row in 0..<Self.rows {
        let expected = (0..<cols).reduce(0) { $0 + p[row * cols + $1] * Double(values[$1]) }
        #expect(abs(Double(y[2 * row]) - expected) < 1e-5, "\(what) row \(row)")
        #expect(y[2 * row + 1] == 0, "\(what)")
      }
      let (da, delta) = (uniform(Self.rows * cols, "da"), uniform(Self.rows, "delta"))
      first = 0
      for count in blocks {
        var (a, ds) = (
          Self.columns(s, first..<first + count, of: cols),
          Self.columns(da, first..<first + count, of: cols)
        )
        var dbias = [Float](repeating: 1, count: Self.rows * cols)
        let place = bias.map { Array($0[first...]) }
        backward.call(
          &a, &ds, &dbias, max, sum, delta, Self.scale, place, cols, Self.rows, count)
        for row in 0..<Self.rows {
          for c in 0..<count {
            let (at, p) = (row * cols + first + c, p[row * cols + first + c])
            let slope = p * (Double(da[at]) - Double(delta[row]))
            #expect(abs(Double(a[row * count + c]) - p) < 2e-6, "\(what)")
            #expect(abs(Double(ds[row * count + c]) - 0.5 * slope) < 1e-5, "\(what)")
            let sum = Double(dbias[row * cols + c])
            #expect(abs(sum - 1 - (isBiased ? slope : 0)) < 1e-5, "\(what)")
          }
        }
        first += count
      }
    }
  }

  private func zip3<A, B, C>(_ a: [A], _ b: [B], _ c: [C]) -> [(A, B, C)] {
    zip(a, zip(b, c)).map { ($0, $1.0, $1.1) }
  }
}
