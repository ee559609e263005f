import Autodiff

/// Whom the tokens look at, head by head: what the output of an attention and its weights have in
/// common.
struct HeadScores {
  let q: Heads
  let k: Heads
  /// Added before the softmax, [H, N, N].
  var bias: Variable?
  /// Blended with the softmax, [H, N, N] by [H].
  var position: (map: Variable, gate: Variable)?

  /// What the tokens see there, heads side by side: [..., Nq, dim].
  func mixing(_ v: Heads, dropRate: Float) -> Variable {
    .attention(q, k, v, bias: bias, position: position, dropRate: dropRate)
  }

  /// [..., H, Nq, Nk]
  var weights: Variable { .attentionWeights(q, k, bias: bias, position: position) }
}

extension Heads {
  /// The columns of `count` heads that `dim` features make, from a column of a projection on.
  init(_ projection: Variable, from first: Int = 0, count: Int, of dim: Int) {
    self.init(projection, from: first, count: count, size: dim / count)
  }
}

extension Attention {
  /// Ends the process if heads would not be of equal size.
  static func checkHeads(_ heads: Int, dim: Int) {
    checkPrecondition(
      heads > 0 && dim % heads == 0, "\(Self.self): \(dim) features do not make \(heads) heads")
  }
}
