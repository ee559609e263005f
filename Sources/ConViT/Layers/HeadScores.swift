import Autodiff

/// Whom the tokens look at, head by head: what an attention's output and weights have in common.
struct HeadScores {
  let q, k: Heads
  var bias: Variable?  // added before the softmax, [H, N, N]
  var position: (map: Variable, gate: Variable)?  // blended with the softmax, [H, N, N] by [H]

  /// What the tokens see there, heads side by side, [..., Nq, dim]; the `map` of the attention that
  /// has `proj` is shown to whoever wants its derivative.
  func mixing(_ v: Heads, dropRate: Float, to proj: Linear) -> Variable {
    let tape = q.projection.tape
    if tape.isUsed("map", of: proj.weight, above: 2) {
      // The map by which a derivative is wanted must be the one that is used: it is kept.
      let weights = weights.tapped(as: "map", of: proj.weight, above: 2)
      return v.mixed(by: weights.dropout(dropRate))
    }
    return .attention(q, k, v, bias: bias, position: position, dropRate: dropRate)
  }

  /// [..., H, Nq, Nk]
  var weights: Variable { .attentionWeights(q, k, bias: bias, position: position) }
}

extension Heads {
  /// A · V from plain operators, [..., Nq, H·D] for weights A [..., H, Nq, Nk].
  fileprivate func mixed(by weights: Variable) -> Variable {
    let x = projection
    let columns = x.sliced(-1, first..<first + count * size)
    let (rows, images) = (x.shape[-2], x.shape.elementCount / x.shape[-1] / x.shape[-2])
    let values = columns.reshaped([images, rows, count, size]).permuted(0, 2, 1, 3)
    let queries = weights.shape[-2]
    let y = weights.reshaped([images, count, queries, rows]).matmul(values).permuted(0, 2, 1, 3)
    return y.reshaped(
      x.shape.replacing(-1, with: count * size).replacing(-2, with: queries))
  }

  /// The columns of `count` heads that `dim` features make, from a column of a projection on.
  init(_ projection: Variable, from first: Int = 0, count: Int, of dim: Int) {
    self.init(projection, from: first, count: count, size: dim / count)
  }
}

extension Attention {
  /// The features of all heads, H·D; ends the process if heads would not be of equal size.
  static func width(heads: Int, of headDim: Int?, dim: Int) -> Int {
    checkPrecondition(
      heads > 0 && headDim.map { $0 > 0 } ?? (dim % heads == 0),
      headDim.map { "\(Self.self): \(heads) heads of \($0) features, expected 1 or more of both" }
        ?? "\(Self.self): \(dim) features cannot be divided among \(heads) heads")
    return headDim.map { heads * $0 } ?? dim
  }
}
