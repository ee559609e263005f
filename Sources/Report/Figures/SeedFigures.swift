import Locality
import Runs

/// Figures of a grid: of each cell the mean over its seeds, and a band of one standard deviation on
/// either side.
struct SeedFigures {
  let grid: SeedGrid
  let layout: FigureLayout
  /// The cells, and how their lines are drawn.
  private var cells: [(cell: SeedGrid.Cell, style: LineStyle)] {
    zip(grid.cells, grid.styles).map { cell, style in
      let color = LineColors.light.color(style.color, of: style.colors)
      return (cell, LineStyle(color: color, dash: style.dash))
    }
  }

  /// The figures, by the names of their files; nil where no run has numbers for one.
  func figures() throws -> [(name: String, svg: String?)] {
    func figure(_ name: String, _ svg: () throws -> String?) throws -> (String, String?) {
      (name, try FigureError.naming(name, svg))
    }
    return try [
      figure("loss.svg") {
        try panels(
          [("training", EpochRecord.CodingKeys.trainLoss), ("test", .testLoss)].map { title, key in
            chart("loss", title: title) { grid.curve(key, within: 0...Double.infinity, of: $0) }
          }, "Training and test loss")
      },
      figure("accuracy.svg") {
        try panels(
          [chart("top-1, %") { grid.curve(.testAcc1, within: 0...100, of: $0) }],
          "Top-1 on the test images", natural: 0...100)
      },
      figure("nonlocality.svg") {
        try layers("non-locality, patches", "Non-locality of each layer, mean over heads") {
          $0.nonlocality
        }
      },
      figure("gates.svg") {
        try layers("gate σ(λ)", "Gates of each layer, mean over heads") { $0.gate }
      },
    ]
  }

  /// A panel for each layer.
  private func layers(
    _ label: String, _ title: String, _ heads: (LocalityReport.Layer) -> [Double]?
  ) throws -> String? {
    let charts = (0..<grid.depth).map { layer in
      chart(label, title: "layer \(layer)") { grid.curve(heads, ofLayer: layer, of: $0) }
    }
    return try panels(charts, title, width: 170, height: 130)
  }

  /// A line for each cell that has numbers.
  private func chart(
    _ label: String, title: String? = nil, _ curve: (SeedGrid.Cell) -> SeedGrid.Curve
  ) -> LineChart {
    let lines = cells.map { cell, style in
      let found = curve(cell)
      return LineChart.Line(
        name: cell.name, style: style, points: found.means.map { ($0, $1) }, band: found.band)
    }
    return LineChart(
      title: title, xLabel: grid.x, yLabel: label, lines: lines.filter { !$0.parts.isEmpty })
  }

  /// The charts that have lines, under one legend; nil if none has.
  private func panels(
    _ charts: [LineChart], _ title: String, natural: ClosedRange<Double> = 0...Double.infinity,
    width: Double = 300, height: Double = 200
  ) throws -> String? {
    let charts = charts.filter { !$0.lines.isEmpty }
    guard !charts.isEmpty else { return nil }
    var styles: [(name: String, style: LineStyle)] = []
    for line in charts.flatMap(\.lines) where !styles.contains(where: { $0.name == line.name }) {
      styles.append((line.name, line.style))
    }
    return try ChartGrid(
      groups: [charts], columns: 4, legend: Legend(entries: styles), width: width, height: height,
      natural: natural
    ).svg(title: "\(title): mean over seeds, and the standard deviation as a band", in: layout)
  }
}
