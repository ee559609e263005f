import ConViT

/// Where a head looks from a query, on average: the first two moments of its attention.
///
/// Queries near the border see a cut neighbourhood, so only those at least a quarter of the grid
/// away from it are averaged over (all, along an axis of fewer than three patches).
package struct MapMoments: Hashable, Sendable {
  /// The mean of δ along the columns and along the rows, in patches.
  package let x, y: Double
  /// The standard deviation of δ along one axis, both axes averaged, in patches.
  package let width: Double

  /// The moments of a map [N · N] whose rows sum to 1.
  package init(of map: [Float], on grid: PatchGrid) {
    let (rows, columns) = (Self.inner(grid.rows), Self.inner(grid.columns))
    var (sumX, sumY, sumSquares, queries) = (0.0, 0.0, 0.0, 0.0)
    for row in rows {
      for column in columns {
        let start = (row * grid.columns + column) * grid.count
        var (x, y, squares) = (0.0, 0.0, 0.0)
        for key in 0..<grid.count {
          let weight = Double(map[start + key])
          let dx = Double(key % grid.columns - column)
          let dy = Double(key / grid.columns - row)
          x += weight * dx
          y += weight * dy
          squares += weight * (dx * dx + dy * dy)
        }
        sumX += x
        sumY += y
        sumSquares += squares - x * x - y * y
        queries += 1
      }
    }
    (x, y) = (sumX / queries, sumY / queries)
    width = (max(sumSquares, 0) / queries / 2).squareRoot()
  }

  /// The places that are a quarter of the length away from both ends.
  private static func inner(_ length: Int) -> Range<Int> {
    let margin = length < 3 ? 0 : length / 4
    return margin..<length - margin
  }
}
