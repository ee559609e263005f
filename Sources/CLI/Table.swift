/// Rows in columns: texts begin at the left, numbers end at the right.
func aligned(_ rows: [[String]], texts: Set<Int> = []) -> [String] {
  let widths = (rows.first ?? []).indices.map { column in
    rows.map { $0[column].count }.max() ?? 0
  }
  return rows.map { row in
    let cells = zip(row, widths).enumerated().map { column, cell in
      texts.contains(column) ? cell.0.padded(to: cell.1) : cell.0.aligned(to: cell.1)
    }
    let line = cells.joined(separator: "  ")
    return line.replacing(#/ +$/#, with: "")
  }
}
