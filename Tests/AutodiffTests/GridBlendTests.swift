import Testing

@testable import Autodiff

/// Attention by position on a grid, against the fused attention with the whole map.
@Suite struct GridBlendTests {
  struct Sizes: Sendable, CustomTestStringConvertible {
    let (leading, rows, columns, heads, size): ([Int], Int, Int, Int, Int)
    var tokens: Int { rows * columns }
    func shape(_ columns: Int) -> Shape { Shape(leading + [tokens, columns]) }
    var testDescription: String { "\(leading) × \(rows) × \(columns), \(heads) heads of \(size)" }
  }

  static let sizes = [
    Sizes(leading: [2], rows: 3, columns: 4, heads: 2, size: 3),
    Sizes(leading: [], rows: 1, columns: 5, heads: 1, size: 2),
    Sizes(leading: [2, 2], rows: 4, columns: 1, heads: 3, size: 1),
    Sizes(leading: [1], rows: 7, columns: 5, heads: 4, size: 6),
  ]

  /// The value, and the derivatives by queries and keys, values, rows', columns' and gates' logits.
  private func run(
    _ s: Sizes, _ blend: (Heads, Heads, Heads, Variable, Variable, Variable) -> Variable
  ) -> [Tensor] {
    let tape = Tape()
    let width = s.heads * s.size
    let x = [
      tensor(s.shape(2 * width), "qk", in: -2...2), tensor(s.shape(width + 1), "v", in: -2...2),
      tensor([s.heads, s.rows, s.rows], "rows", in: -2...2),
      tensor([s.heads, s.columns, s.columns], "columns", in: -2...2),
      tensor([s.heads], "gate", in: -2...2),
    ].map(tape.variable)
    func heads(_ x: Variable, from first: Int) -> Heads {
      Heads(x, from: first, count: s.heads, size: s.size)
    }
    let y = blend(
      heads(x[0], from: 0), heads(x[0], from: width), heads(x[1], from: 1), x[2].softmax(),
      x[3].softmax(), x[4].sigmoid())
    var none = Gradients(tape.weights.tree)
    return [y.value] + tape.accumulateGradients(of: y.weighed(), into: &none, at: x)
  }

  @Test(arguments: sizes) func isTheAttentionWithTheWholeMap(_ s: Sizes) {
    let split = run(s) { q, k, v, rows, columns, gate in
      .blended(.attention(q, k, v), v, rows: rows, columns: columns, gate: gate)
    }
    let whole = run(s) { q, k, v, rows, columns, gate in
      let map =
        rows.reshaped([s.heads, s.rows, 1, s.rows, 1])
        * columns.reshaped([s.heads, 1, s.columns, 1, s.columns])
      return .attention(
        q, k, v, position: (map.reshaped([s.heads, s.tokens, s.tokens]), gate))
    }
    for (index, (a, b)) in zip(split, whole).enumerated() {
      let isZero = b.elements.allSatisfy { abs($0) < 1e-6 }  // where one row leaves no choice
      let difference = isZero ? Double(a.elements.map(abs).max() ?? 0) : largestDifference(a, b)
      #expect(difference < 1e-5, "result \(index)")
    }
  }
}
