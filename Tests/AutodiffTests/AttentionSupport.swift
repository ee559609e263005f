import Autodiff
import Testing

/// The sizes of an attention, and its composition from plain operators.
struct AttentionSizes: Sendable, CustomTestStringConvertible {
  let leading: [Int]
  let queries: Int, keys: Int, heads: Int, d: Int
  var width: Int { heads * d }
  var scale: Float { 1 / Float(d).squareRoot() }
  var testDescription: String { "\(leading) × \(queries) × \(keys), \(heads) heads of \(d)" }

  init(_ leading: [Int], _ queries: Int, _ keys: Int, heads: Int, of d: Int) {
    (self.leading, self.queries, self.keys, self.heads, self.d) = (
      leading, queries, keys, heads, d
    )
  }

  func shape(_ tokens: Int, _ columns: Int) -> Shape { Shape(leading + [tokens, columns]) }

  /// Columns of a projection as the heads of these sizes.
  func heads(_ projection: Variable, from first: Int = 0) -> Heads {
    Heads(projection, from: first, count: heads, size: d)
  }

  /// A = (1 − g) · softmax(scale · Q·Kᵀ + bias) + g · map, [B, H, Nq, Nk].
  func plainWeights(
    _ q: Heads, _ k: Heads, bias: Variable? = nil,
    position: (map: Variable, gate: Variable)? = nil, scale: Float
  ) -> Variable {
    var scores = scale * split(q).matmul(split(k), transposingOther: true)
    if let bias { scores = scores + bias }
    let a = scores.softmax()
    guard let (map, gate) = position else { return a }
    let g = gate.reshaped([heads, 1, 1])
    return (1 - g) * a + g * map
  }

  /// A·V with all heads side by side, [..., Nq, H·D].
  func plain(
    _ parts: [Heads], bias: Variable? = nil,
    position: (map: Variable, gate: Variable)? = nil, scale: Float
  ) -> Variable {
    merged(
      plainWeights(parts[0], parts[1], bias: bias, position: position, scale: scale)
        .matmul(split(parts[2])))
  }

  /// [..., N, ≥ H·D] → [B, H, N, D]
  func split(_ part: Heads) -> Variable {
    let x = part.projection.sliced(-1, part.first..<part.first + part.count * part.size)
    return x.reshaped([leading.reduce(1, *), x.shape[-2], part.count, part.size])
      .permuted(0, 2, 1, 3)
  }

  /// [B, H, N, D] → [..., N, H·D]
  func merged(_ y: Variable) -> Variable {
    y.permuted(0, 2, 1, 3).reshaped(shape(y.shape[2], y.shape[1] * y.shape[3]))
  }
}
