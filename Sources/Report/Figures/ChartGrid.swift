/// What the lines of a figure mean, one below the other.
struct Legend {
  let entries: [(name: String, style: LineStyle)]

  private static let size = 11.0
  private static let row = 17.0

  /// Room for it, to the right of a figure.
  var width: Double {
    44 + (entries.map { SVG.width(of: $0.name, size: Self.size) }.max() ?? 0)
  }
  var height: Double { Self.row * Double(entries.count) }

  func draw(in svg: inout SVG, x: Double, y: Double) {
    for (index, entry) in entries.enumerated() {
      let middle = y + Self.row * (Double(index) + 0.5)
      svg.line(x, middle, x + 24, middle, style: entry.style)
      svg.text(entry.name, x + 30, middle + 4, size: Self.size)
    }
  }
}

/// Charts beside and below each other, over the same axes, with one legend at the right.
struct ChartGrid {
  let rows: [[LineChart]]
  let legend: Legend
  /// The least width of the axes: titles may need more.
  var width = 300.0
  var height = 200.0
  var natural = Axis.everything
  /// The axes, if they are not to follow from the lines; a horizontal one is else of whole numbers.
  var x, y: Axis?

  func svg(title: String) -> String {
    var svg = SVG()
    let charts = rows.flatMap(\.self)
    let y = y ?? Axis(charts.flatMap(\.ys), within: natural)
    let titles = charts.map { SVG.width(of: $0.title ?? "", size: 11) }.max() ?? 0
    let width = max(width, titles)
    let x =
      x
      ?? Axis(charts.flatMap(\.xs), length: width, isWhole: true, within: 0...Double.infinity)
    // Labels of the vertical axis and its name; half of the last label of the other one.
    let (left, right) = (max(50, y.widest + 34), max(12, x.widest / 2 + 4))
    let across = left + width + right
    let down = LineChart.top + height + LineChart.bottom
    for (row, charts) in rows.enumerated() {
      for (column, chart) in charts.enumerated() {
        chart.draw(
          in: &svg, x0: across * Double(column) + left, y0: down * Double(row) + LineChart.top,
          left: left, width: width, height: height, x: x, y: y)
      }
    }
    let used = across * Double(rows.map(\.count).max() ?? 0)
    legend.draw(in: &svg, x: used + 6, y: LineChart.top)
    svg.width = used + 6 + legend.width
    svg.height = max(down * Double(rows.count), LineChart.top + legend.height + 8)
    return svg.text(title: title)
  }
}

extension Array {
  func rows(of count: Int) -> [[Element]] {
    stride(from: 0, to: self.count, by: count).map {
      Array(self[$0..<Swift.min($0 + count, self.count)])
    }
  }
}
