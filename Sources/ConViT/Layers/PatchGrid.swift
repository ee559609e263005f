import Autodiff

/// The patches of an image: rows from the top, columns from the left.
public struct PatchGrid: Hashable, Sendable, Codable {
  /// Patches from top to bottom.
  public let rows: Int
  /// Patches from left to right.
  public let columns: Int

  /// A grid of `rows` × `columns` patches.
  public init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
  }

  /// The number of patches, N.
  public var count: Int { rows * columns }

  /// r_ij = (Δx, Δy, Δx² + Δy²) with Δ = position(j) − position(i) in patches: [N, N, 3].
  ///
  /// x runs along the columns and y along the rows, as in the published code.
  public func offsets() -> Tensor {
    var elements: [Float] = []
    elements.reserveCapacity(3 * count * count)
    for i in 0..<count {
      for j in 0..<count {
        let dx = Float(j % columns - i % columns)
        let dy = Float(j / columns - i / columns)
        elements += [dx, dy, dx * dx + dy * dy]
      }
    }
    return Tensor([count, count, 3], elements)
  }
}
