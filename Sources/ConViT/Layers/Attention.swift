import Autodiff

/// Something that mixes the tokens of a sequence and projects the result.
public protocol Attention: Module {
  /// The number of heads, H.
  var heads: Int { get }
  /// [dim, dim], [dim]
  var proj: Linear { get }
  /// Dropout after the projection.
  var dropRate: Float { get }

  /// The heads' weighted values side by side, of all tokens or of the first `count` alone, which
  /// may cost less: [..., N, dim] → [..., N or count, dim].
  func mixed(_ x: Variable, first count: Int?) -> Variable

  /// How much each token's result takes from each token, head by head, to look at; rows sum to 1:
  /// [B, N, dim] → [B, H, N, N].
  func map(_ x: Variable) -> Tensor
}

/// An attention between patches that also knows where they are.
public protocol PositionalAttention: Attention {
  /// [H, 3], [H]: what a head makes of (Δx, Δy, Δx² + Δy²).
  var posProj: Linear { get }
  /// The patches that the tokens stand for.
  var grid: PatchGrid { get }
}

extension PositionalAttention {
  /// What the positions alone say before a softmax: v_h · r_ij, the same for every image,
  /// [H, N, N].
  ///
  /// `pos_proj.bias` adds one number to all of a row, which softmax does not see: it is in the
  /// weights files, and its derivative is zero, but it takes no part.
  func positionScores(_ tape: Tape) -> Variable {
    let offsets = tape.constant(grid.keptOffsets.reshaped(Shape(grid.count * grid.count, 3)))
    return tape[posProj.weight].matmul(
      offsets, transposingOther: true, precision: .float32
    )
    .reshaped(Shape(heads, grid.count, grid.count))
  }

  /// The attention by position alone, softmax_j(v_h · r_ij), the same for every image: [H, N, N].
  public func position(_ tape: Tape) -> Variable { positionScores(tape).softmax() }
}

extension Attention {
  /// [..., N, dim] → [..., N, dim]
  public func callAsFunction(_ x: Variable) -> Variable {
    proj(mixed(x, first: nil)).dropout(dropRate)
  }

  /// The attention added to what it is given, [..., N or count, dim], which goes around it.
  func callAsFunction(_ x: Variable, first count: Int?, onto residual: Residual) -> Variable {
    proj(mixed(x, first: count), onto: residual, dropRate: dropRate)
  }
}
