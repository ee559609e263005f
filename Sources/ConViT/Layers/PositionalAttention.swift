import Autodiff

/// An attention between patches that also knows where they are: queries and keys from one
/// projection, values from another, and what a head makes of the distance between two patches.
package protocol PositionalAttention: Attention {
  var qk: Linear { get }  // [2·dim, dim]: queries and keys, each head by head
  var v: Linear { get }  // [dim, dim]
  var proj: Linear { get }  // [dim, dim], [dim]
  var posProj: Linear { get }  // [H, 3], [H]: what a head makes of (Δx, Δy, Δx² + Δy²)
  var grid: PatchGrid { get }  // the patches that the tokens stand for
  var dropRate: Float { get }  // dropout after the projection
  var attnDropRate: Float { get }  // dropout of the attention's elements
  func positions(_ tape: Tape) -> PositionTerm
}

package enum PositionTerm {
  /// Scores [H, N, N], added to those of the content before the softmax.
  case added(Variable)
  /// A map [H, N, N] whose rows sum to 1, blended with that of the content by a gate [H].
  case blended(map: Variable, gate: Variable)
}

extension PositionalAttention {
  /// `gpsa`, `psa`
  public var kind: String { "\(Self.self)".lowercased() }

  /// Tokens in the order of the grid's patches: [..., N, dim] → [..., N, dim].
  public func callAsFunction(_ x: Variable) -> Variable { proj(mixed(x)).dropout(dropRate) }

  /// [..., N, dim] → [..., N or count, dim]
  public func callAsFunction(
    _ x: Variable, first count: Int?, onto residual: Residual
  ) -> Variable {
    proj(mixed(x).tokens(count), onto: residual, dropRate: dropRate)
  }

  /// A_h: [..., N, dim] → [..., H, N, N].
  public func attentionWeights(_ x: Variable) -> Variable? { scores(x).weights }

  private func mixed(_ x: Variable) -> Variable {
    scores(x).mixing(
      Heads(v(x), count: heads, of: x.shape[-1]), dropRate: attnDropRate, to: proj)
  }

  private func scores(_ x: Variable) -> HeadScores {
    checkPrecondition(
      x.shape[-2] == grid.count,
      "\(Self.self): \(x.shape[-2]) tokens for a grid of \(grid.rows) × \(grid.columns) patches")
    let (dim, qk) = (x.shape[-1], qk(x))
    var scores = HeadScores(
      q: Heads(qk, count: heads, of: dim), k: Heads(qk, from: dim, count: heads, of: dim))
    switch positions(x.tape) {
    case .added(let bias): scores.bias = bias
    case .blended(let map, let gate): scores.position = (map, gate)
    }
    return scores
  }

  /// What the positions alone say before a softmax: v_h · r_ij, the same for every image,
  /// [H, N, N].
  ///
  /// `pos_proj.bias` adds one number to all of a row, which softmax does not see: it is in the
  /// weights files, and its derivative is zero, but it takes no part.
  func positionScores(_ tape: Tape) -> Variable {
    let offsets = tape.constant(grid.keptOffsets.reshaped(Shape(grid.count * grid.count, 3)))
    let scores = tape[posProj.weight].matmul(offsets, transposingOther: true, precision: .float32)
    return scores.reshaped(Shape(heads, grid.count, grid.count))
  }

  package func position(_ tape: Tape) -> Variable { positionScores(tape).softmax() }
}
