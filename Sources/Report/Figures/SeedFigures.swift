import Locality
import Runs

/// Figures of a grid: of each cell the mean over its seeds, and a band of one standard deviation on
/// either side.
struct SeedFigures {
  let grid: SeedGrid
  let layout: FigureLayout
  private var cells: [SeedGrid.Cell] { grid.cells }
  private static let colors = LineColors.light

  /// The figures, by the names of their files; nil where no run has numbers for one.
  func figures() throws -> [(name: String, svg: String?)] {
    func figure(_ name: String, _ svg: () throws -> String?) throws -> (String, String?) {
      (name, try FigureError.naming(name, svg))
    }
    return try [
      figure("loss.svg") {
        try curves("loss", "Training and test loss", within: 0...Double.infinity) {
          [("train", "5 3", .trainLoss), ("test", nil, .testLoss)]
        }
      },
      figure("accuracy.svg") {
        try curves("top-1, %", "Top-1 on the test images", within: 0...100) {
          [("", nil, .testAcc1)]
        }
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

  private func curves(
    _ label: String, _ title: String, within natural: ClosedRange<Double>,
    _ quantities: () -> [(name: String, dash: String?, key: EpochRecord.CodingKeys)]
  ) throws -> String? {
    let lines = cells.enumerated().flatMap { index, cell in
      quantities().map { quantity in
        line(
          quantity.name.isEmpty ? cell.name : "\(cell.name), \(quantity.name)",
          LineStyle(color: Self.colors.color(index, of: cells.count), dash: quantity.dash),
          grid.curve(quantity.key, within: natural, of: cell))
      }
    }.filter { !$0.parts.isEmpty }
    guard !lines.isEmpty else { return nil }
    return try ChartGrid(
      groups: [[LineChart(xLabel: grid.x, yLabel: label, lines: lines)]], columns: 1,
      legend: Legend(entries: lines.map { ($0.name, $0.style) }), natural: natural
    ).svg(title: "\(title): mean over seeds, and the standard deviation as a band", in: layout)
  }

  /// A panel a layer, a colour a cell.
  private func layers(
    _ label: String, _ title: String, _ heads: (LocalityReport.Layer) -> [Double]?
  ) throws -> String? {
    let charts = (0..<grid.depth).map { layer in
      LineChart(
        title: "layer \(layer)", xLabel: grid.x, yLabel: label,
        lines: cells.enumerated().map { index, cell in
          line(
            cell.name, LineStyle(color: Self.colors.color(index, of: cells.count)),
            grid.curve(heads, ofLayer: layer, of: cell))
        }.filter { !$0.parts.isEmpty })
    }.filter { !$0.lines.isEmpty }
    guard !charts.isEmpty else { return nil }
    var styles: [(name: String, style: LineStyle)] = []
    for line in charts.flatMap(\.lines) where !styles.contains(where: { $0.name == line.name }) {
      styles.append((line.name, line.style))
    }
    return try ChartGrid(
      groups: [charts], columns: 4, legend: Legend(entries: styles), width: 170, height: 130,
      natural: 0...Double.infinity
    ).svg(title: "\(title): mean over seeds, and the standard deviation as a band", in: layout)
  }

  private func line(_ name: String, _ style: LineStyle, _ curve: SeedGrid.Curve) -> LineChart.Line {
    LineChart.Line(name: name, style: style, points: curve.means.map { ($0, $1) }, band: curve.band)
  }
}
