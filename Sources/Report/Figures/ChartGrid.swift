/// What the lines of a figure mean, one below the other.
struct Legend {
  typealias Entry = (name: String, style: LineStyle)
  let entries: [Entry]

  private static let size = 11.0
  static let row = 17.0

  /// Room for it, to the right of a figure.
  var width: Double {
    44 + (entries.map { SVG.width(of: $0.name, size: Self.size) }.max() ?? 0)
  }
  var height: Double { Self.row * Double(entries.count) }

  func draw(in svg: inout SVG, x: Double, y: Double) {
    for (index, entry) in entries.enumerated() {
      draw(entry, in: &svg, x: x, middle: y + Self.row * (Double(index) + 0.5))
    }
  }

  private func draw(
    _ entry: Entry, in svg: inout SVG, x: Double, middle: Double
  ) {
    svg.line(x, middle, x + 24, middle, style: entry.style)
    svg.text(entry.name, x + 30, middle + 4, size: Self.size)
  }

  /// Entries and where each begins, in rows of a width below a figure; nil if one is wider.
  func rows(width: Double) -> [[(x: Double, entry: Entry)]]? {
    var rows: [[(x: Double, entry: Entry)]] = [[]]
    var x = 8.0
    for entry in entries {
      let own = 46 + SVG.width(of: entry.name, size: Self.size)
      guard own + 8 <= width else { return nil }
      if x + own > width {
        rows.append([])
        x = 8
      }
      rows[rows.count - 1].append((x, entry))
      x += own
    }
    return rows
  }

  func draw(
    _ rows: [[(x: Double, entry: Entry)]], in svg: inout SVG, y: Double
  ) {
    for (index, row) in rows.enumerated() {
      for (x, entry) in row {
        draw(entry, in: &svg, x: x, middle: y + Self.row * (Double(index) + 0.5))
      }
    }
  }
}

/// Charts beside and below each other, over the same axes, with one legend: at the right, or below
/// them where the width is given.
struct ChartGrid {
  /// Charts by the groups that begin a row each.
  let groups: [[LineChart]]
  /// Charts beside each other, at most.
  var columns: Int
  let legend: Legend
  /// The least width of the axes: titles may need more.
  var width = 300.0
  var height = 200.0
  var natural = Axis.everything
  /// The axes, if they are not to follow from the lines; a horizontal one is else of whole numbers.
  var x, y: Axis?

  private var charts: [LineChart] { groups.flatMap(\.self) }
  private var widestTitle: Double {
    charts.map { SVG.width(of: $0.title ?? "", size: 11) }.max() ?? 0
  }

  /// Room beside the axes of each chart, and the axes.
  private struct Frame {
    let x, y: Axis
    /// Labels of the vertical axis and its name; half of the last label of the other one.
    var left: Double { max(50, y.widest + 34) }
    var right: Double { max(12, x.widest / 2 + 4) }
  }

  private func frame(width: Double) -> Frame {
    Frame(
      x: x
        ?? Axis(charts.flatMap(\.xs), length: width, isWhole: true, within: 0...Double.infinity),
      y: y ?? Axis(charts.flatMap(\.ys), within: natural))
  }

  func svg(title: String, scale: Double = 1) -> String {
    let width = max(width, widestTitle)
    var (svg, used) = drawing(width: width, height: height)
    legend.draw(in: &svg, x: used.width + 6, y: LineChart.top)
    svg.width = used.width + 6 + legend.width
    svg.height = max(used.height, LineChart.top + legend.height + 8)
    return svg.text(title: title, scale: scale)
  }

  /// - Throws: `FigureError` if the width has no room.
  func svg(title: String, in layout: FigureLayout) throws -> String {
    var grid = self
    grid.columns = min(layout.columns ?? columns, max(1, groups.map(\.count).max() ?? 1))
    guard let total = layout.width.map({ $0 / layout.scale }) else {
      return grid.svg(title: title, scale: layout.scale)
    }
    // Without a number that is asked for, fewer charts beside each other where more have no room.
    while layout.columns == nil, grid.columns > 1, grid.chartWidth(of: total) == nil {
      grid.columns -= 1
    }
    guard let rows = legend.rows(width: total) else {
      throw FigureError(description: "the width has no room for the legend")
    }
    guard let width = grid.chartWidth(of: total) else {
      throw FigureError(
        description: "the width has no room for the text of "
          + (grid.columns > 1 ? "\(grid.columns) charts beside each other" : "a chart"))
    }
    // As high for its width as usual, and high enough for the names at the side.
    let names = charts.map { SVG.width(of: $0.yLabel, size: 11) }.max() ?? 0
    var (svg, used) = grid.drawing(width: width, height: max(height / self.width * width, names))
    legend.draw(rows, in: &svg, y: used.height + 6)
    (svg.width, svg.height) = (total, used.height + 14 + Legend.row * Double(rows.count))
    return svg.text(title: title, scale: layout.scale)
  }

  /// How wide the axes of each chart are in a figure of a width; nil if text has no room.
  private func chartWidth(of total: Double) -> Double? {
    var width = total / Double(columns) - 62
    for _ in 0..<2 where width >= FigureLayout.leastWidth {
      let frame = frame(width: width)  // its labels depend on the width, and room on the labels
      width = total / Double(columns) - frame.left - frame.right
    }
    let right = frame(width: width).right  // beside it, the name of the axis has no other chart's
    let names = charts.map { SVG.width(of: $0.xLabel, size: 11) }.max() ?? 0
    return width >= max(FigureLayout.leastWidth, widestTitle, names - 2 * right) ? width : nil
  }

  /// The charts, and how much room they have taken.
  private func drawing(
    width: Double, height: Double
  ) -> (SVG, (width: Double, height: Double)) {
    var svg = SVG()
    let frame = frame(width: width)
    let rows = groups.flatMap { $0.rows(of: columns) }
    let across = frame.left + width + frame.right
    let down = LineChart.top + height + LineChart.bottom
    for (row, charts) in rows.enumerated() {
      for (column, chart) in charts.enumerated() {
        chart.draw(
          in: &svg, x0: across * Double(column) + frame.left,
          y0: down * Double(row) + LineChart.top, left: frame.left, width: width, height: height,
          x: frame.x, y: frame.y)
      }
    }
    return (svg, (across * Double(rows.map(\.count).max() ?? 0), down * Double(rows.count)))
  }
}

extension Array {
  func rows(of count: Int) -> [[Element]] {
    stride(from: 0, to: self.count, by: count).map {
      Array(self[$0..<Swift.min($0 + count, self.count)])
    }
  }
}
