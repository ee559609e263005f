import Autodiff

/// An attention between patches that also knows where they are: queries and keys from one
/// projection, values from another, and what a head makes of the distance between two patches,
/// which is blended with the content by a gate, or where there is none, added before the softmax.
package protocol PositionalAttention: Attention {
  var qk: Linear { get }  // [2·H·D, dim]: queries and keys, each head by head
  var v: Linear { get }  // [H·D, dim]
  var proj: Linear { get }  // [dim, H·D], [dim]
  var posProj: Linear { get }  // [H, 3], [H]: what a head makes of (Δx, Δy, Δx² + Δy²)
  var grid: PatchGrid { get }  // the patches that the tokens stand for
  var dropRate: Float { get }  // dropout after the projection
  var attnDropRate: Float { get }  // dropout of the attention's elements
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
  public func attentionWeights(_ x: Variable) -> Variable? {
    positioned(content(x), x.tape).weights
  }

  /// The heads' values side by side, [..., N, H·D]; `Taps` see them as `heads`.
  private func mixed(_ x: Variable) -> Variable {
    seen(x).tapped(as: "heads", of: proj.weight, above: 2)
  }

  private func seen(_ x: Variable) -> Variable {
    let v = Heads(v(x), count: heads, of: proj.inputs)
    let content = content(x)
    if let gateLogits, isLong(x.tape) {
      // Not in one step, as the map of positions would grow with the square of their number.
      return .blended(
        content.mixing(v, dropRate: attnDropRate, to: proj), v,
        rows: PatchGrid(rows: grid.rows, columns: 1).position(of: self, x.tape),
        columns: PatchGrid(rows: 1, columns: grid.columns).position(of: self, x.tape),
        gate: x.tape[gateLogits].sigmoid())
    }
    return positioned(content, x.tape).mixing(v, dropRate: attnDropRate, to: proj)
  }

  /// Whether a map of positions is too large to be made where it need not be: dropout of an
  /// attention is of the blend, and so needs it.
  private func isLong(_ tape: Tape) -> Bool {
    AttentionTiles.suit(queries: grid.count, keys: grid.count)
      && (attnDropRate == 0 || tape.pass.randomness?.isEmpty ?? true)
      && !tape.isUsed("map", of: proj.weight, above: 2)
  }

  private func content(_ x: Variable) -> HeadScores {
    checkPrecondition(
      x.shape[-2] == grid.count,
      "\(Self.self): \(x.shape[-2]) tokens for a grid of \(grid.rows) × \(grid.columns) patches; "
        + "it takes one for each patch, and a class token joins them behind it")
    let (width, qk) = (proj.inputs, qk(x))
    return HeadScores(
      q: Heads(qk, count: heads, of: width), k: Heads(qk, from: width, count: heads, of: width))
  }

  /// The same with what the positions say, computed once for all images of a step.
  private func positioned(_ content: HeadScores, _ tape: Tape) -> HeadScores {
    var scores = content
    if let gateLogits {
      scores.position = (
        tape.shared(posProj.weight, from: self) { $0.position($1) }, tape[gateLogits].sigmoid()
      )
    } else {
      scores.bias = tape.shared(posProj.weight, from: self) { $0.positionScores($1) }
    }
    return scores
  }

  /// What the positions alone say before a softmax: v_h · r_ij, the same for every image,
  /// [H, N, N].
  ///
  /// `pos_proj.bias` adds one number to all of a row, which softmax does not see: it is in the
  /// weights files, and its derivative is zero, but it takes no part.
  func positionScores(_ tape: Tape) -> Variable { grid.positionScores(of: self, tape) }

  /// The softmax of these, whose rows sum to 1, [H, N, N].
  package func position(_ tape: Tape) -> Variable { grid.position(of: self, tape) }
}

extension PatchGrid {
  fileprivate func positionScores(of attention: some PositionalAttention, _ tape: Tape) -> Variable
  {
    let offsets = tape.constant(keptOffsets.reshaped(Shape(count * count, 3)))
    let weight = tape[attention.posProj.weight]
    let scores = weight.matmul(offsets, transposingOther: true, precision: .float32)
    return scores.reshaped(Shape(attention.heads, count, count))
  }

  /// As the scores are a sum of what Δx and what Δy give, the map of a grid is the product of the
  /// map of a column and that of a row: position_ij = P_rows[r_i, r_j] · P_columns[c_i, c_j].
  fileprivate func position(of attention: some PositionalAttention, _ tape: Tape) -> Variable {
    positionScores(of: attention, tape).softmax()
  }
}
