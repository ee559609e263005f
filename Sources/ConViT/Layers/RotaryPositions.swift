import Autodiff
import Foundation

/// Rotary positions (Su et al. 2021, RoFormer, arXiv:2104.09864): queries and keys are rotated by
/// angles that grow with the position, so that their products depend on the distance of two tokens
/// alone.
///
/// Features k and k + D/2 of a head turn as the two parts of a complex number: y = x · e^{iθ}.
///
/// ```swift
/// let positions = RotaryPositions(grid: PatchGrid(rows: 14, columns: 14), headDim: 64)
/// let q = positions(query, heads: 3)  // [B, 196, 192] → [B, 196, 192]
/// ```
///
/// PyTorch equivalent: transformers' `apply_rotary_pos_emb`.
public struct RotaryPositions: Sendable {
  private let cosines, sines: Tensor  // [N, 1, D]

  /// Rotations by `angles` [N, D/2] in radians.
  public init(angles: Tensor) {
    let shape = angles.shape
    checkPrecondition(shape.rank == 2, "RotaryPositions: angles \(shape) are no matrix")
    func twice(_ function: (Float) -> Float) -> Tensor {
      let part = angles.map(function).reshaped([shape[0], 1, shape[1]])
      return .concatenated([part, part], -1)
    }
    (cosines, sines) = (twice(cos), twice(sin))
  }

  /// Tokens in a row: the one at p turns feature k by p · base^(−2k/D).
  public init(count: Int, headDim: Int, base: Double = 10_000) {
    checkPrecondition(headDim % 2 == 0, "RotaryPositions: \(headDim) features of a head are odd")
    self.init(angles: Self.angles((0..<count).map(Double.init), headDim / 2, base))
  }

  /// Patches of a grid: half of the pairs of features turn by the row, the others by the column.
  public init(grid: PatchGrid, headDim: Int, base: Double = 100) {
    checkPrecondition(
      headDim % 4 == 0, "RotaryPositions: 4 does not divide \(headDim) features of a head")
    let places = (0..<grid.rows * grid.columns).map {
      $0.quotientAndRemainder(dividingBy: grid.columns)
    }
    let byRow = Self.angles(places.map { Double($0.quotient) }, headDim / 4, base)
    let byColumn = Self.angles(places.map { Double($0.remainder) }, headDim / 4, base)
    self.init(angles: .concatenated([byRow, byColumn], -1))
  }

  /// p · base^(−k / count), [positions, count]
  private static func angles(_ positions: [Double], _ count: Int, _ base: Double) -> Tensor {
    Tensor(
      [positions.count, count],
      positions.flatMap { position in
        (0..<count).map { Float(position * pow(base, -Double($0) / Double(count))) }
      })
  }

  /// [..., N, heads · D] → the same, each head rotated.
  public func callAsFunction(_ x: Variable, heads: Int) -> Variable {
    let (count, dim) = (cosines.shape[0], cosines.shape[-1])
    checkPrecondition(
      x.shape.rank >= 2 && x.shape[-2] == count && x.shape[-1] == heads * dim,
      "RotaryPositions: \(x.shape) for \(count) positions and \(heads) heads of \(dim) features")
    let parts = x.reshaped([x.shape.elementCount / (count * heads * dim), count, heads, dim])
    let (re, im) = (parts.sliced(-1, 0..<dim / 2), parts.sliced(-1, dim / 2..<dim))
    let turned = (-im).concatenated(re, -1)  // i · x
    let rotated = parts * x.tape.constant(cosines) + turned * x.tape.constant(sines)
    return rotated.reshaped(x.shape)
  }
}
