import Autodiff

/// The patches of an image: rows from the top, columns from the left.
public struct PatchGrid: Hashable, Sendable, Codable {
  /// The number of rows, and that of columns.
  public let rows, columns: Int

  /// A grid of `rows` × `columns` patches.
  public init(rows: Int, columns: Int) { (self.rows, self.columns) = (rows, columns) }

  package var count: Int { rows * columns }

  /// r_ij = (Δx, Δy, Δx² + Δy²) with Δ = position(j) − position(i) in patches: [N, N, 3].
  ///
  /// x runs along the columns and y along the rows, as in the published code.
  package func offsets() -> Tensor {
    var offsets = Tensor(unsafeUninitialized: Shape(count, count, 3))
    offsets.withUnsafeMutableBufferPointer { offsets in
      var index = 0
      for i in 0..<count {
        let (x, y) = (i % columns, i / columns)
        for row in 0..<rows {
          let dy = Float(row - y)
          for column in 0..<columns {
            let dx = Float(column - x)
            offsets[index] = dx
            offsets[index + 1] = dy
            offsets[index + 2] = dx * dx + dy * dy
            index += 3
          }
        }
      }
    }
    return offsets
  }

  /// The same, made once for all layers that ask in turn, unless they are large.
  var keptOffsets: Tensor {
    guard count <= Self.keptCount else {
      return Costs.isCounting ? Tensor(unsafeUninitialized: Shape(count, count, 3)) : offsets()
    }
    return Self.latest.withLock { latest in
      if let latest, latest.grid == self { return latest.offsets }
      let made = (grid: self, offsets: Costs.uncounted(offsets))
      latest = made
      return made.offsets
    }
  }

  private static let keptCount = 1024  // 12 MB
  private static let latest = Mutex<(grid: PatchGrid, offsets: Tensor)?>(nil)
}
