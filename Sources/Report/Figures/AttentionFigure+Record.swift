import Files
import Locality

extension AttentionFigure {
  /// What pictures without text do not say.
  private struct Record: Encodable {
    struct Map: Encodable {
      let file: String
      let layer: Int
      /// None of attention rollout.
      let head: Int?
      let gate: Double?
      let low, high, min, max: Double
    }

    let files: [String]
    let grid: [Int]
    /// The row and the column of a patch; none of the class token.
    let query: [Int]?
    let scale: String
    let log: Bool
    let uniform: Double
    let maps: [Map]
  }

  /// The pictures as JSON: of each map, the attention of its darkest and its brightest colour, and
  /// its own smallest and largest; and the names of all files.
  package func record(files: [String]) throws -> String {
    let place: [Int]? = if case .patch(let row, let column) = query { [row, column] } else { nil }
    let maps = rows.joined().map { cell in
      let (scale, values) = (cell.map.scale, cell.map.values)
      return Record.Map(
        file: cell.name + ".png", layer: cell.layer, head: cell.head, gate: cell.gate,
        low: scale.low, high: scale.high, min: Double(values.min() ?? 0),
        max: Double(values.max() ?? 0))
    }
    return try JSON.text(
      Record(
        files: files, grid: [grid.rows, grid.columns], query: place,
        scale: (scale == nil ? AttentionScale.Extent.cell : .shared).rawValue, log: isLogarithmic,
        uniform: 1 / Double(grid.count), maps: maps), isPretty: true)
  }
}
