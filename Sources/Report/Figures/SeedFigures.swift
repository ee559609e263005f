import DoubleNumerics
import Files
import Foundation
import Locality
import Runs

/// Figures of a grid: of each cell the mean over its seeds, and a band of one standard deviation on
/// either side.
struct SeedFigures {
  /// The runs of a cell, which differ by their seeds.
  struct Cell {
    let name: String
    let runs: [LoggedRun]
    /// The epochs of the longest run.
    var length: Double { Double(runs.compactMap { $0.epochs.last?.epoch }.max() ?? 0) + 1 }
  }

  let cells: [Cell]
  private static let colors = LineColors.light

  /// The cells whose runs are `seed-<n>` in one folder below that of a grid; nil if the folder is
  /// none of a grid.
  init?(grid folder: String) throws {
    let files = FileManager.default
    guard files.fileExists(atPath: "\(folder)/runs.csv"),
      !files.fileExists(atPath: "\(folder)/\(RunFiles.log)")
    else { return nil }
    let logs = (try? files.subpathsOfDirectory(atPath: folder)) ?? []
    let runs = logs.compactMap { $0.wholeMatch(of: /(.+)\/(seed-[0-9]+)\/log\.jsonl/) }
      .map { (cell: String($0.1), seed: String($0.2)) }
    let names = Set(runs.map(\.cell)).sorted {
      $0.localizedStandardCompare($1) == .orderedAscending
    }
    cells = try names.map { name in
      Cell(
        name: name.replacing("/", with: ", "),
        runs: try runs.filter { $0.cell == name }.map(\.seed).sorted().map {
          try LoggedRun("\(folder)/\(name)/\($0)", name: $0)
        })
    }.filter { $0.runs.contains { !$0.epochs.isEmpty } }
  }

  /// Epochs, or where cells are of different lengths, the share of the training.
  private var isByShare: Bool { Set(cells.map(\.length)).count > 1 }
  private var x: String { isByShare ? "share of the training, %" : "epochs trained" }
  private func x(_ epochs: Double, in cell: Cell) -> Double {
    isByShare ? 100 * epochs / cell.length : epochs
  }

  /// The figures, by the names of their files; nil where no run has numbers for one.
  var figures: [(name: String, svg: String?)] {
    [
      (
        "loss.svg",
        curves("loss", "Training and test loss", within: 0...Double.infinity) {
          [("train", "5 3", .trainLoss), ("test", nil, .testLoss)]
        }
      ),
      (
        "accuracy.svg",
        curves("top-1, %", "Top-1 on the test images", within: 0...100) { [("", nil, .testAcc1)] }
      ),
      (
        "nonlocality.svg",
        layers("non-locality, patches", "Non-locality of each layer, mean over heads") {
          $0.nonlocality
        }
      ),
      ("gates.svg", layers("gate σ(λ)", "Gates of each layer, mean over heads") { $0.gate }),
    ]
  }

  private func curves(
    _ label: String, _ title: String, within natural: ClosedRange<Double>,
    _ quantities: () -> [(name: String, dash: String?, key: EpochRecord.CodingKeys)]
  ) -> String? {
    let lines = cells.enumerated().flatMap { index, cell in
      quantities().map { quantity in
        line(
          quantity.name.isEmpty ? cell.name : "\(cell.name), \(quantity.name)",
          LineStyle(color: Self.colors.color(index, of: cells.count), dash: quantity.dash), cell
        ) { run in run.epochs.map { (Double($0.epoch) + 1, $0[quantity.key]) } }
      }
    }.filter { !$0.parts.isEmpty }
    guard !lines.isEmpty else { return nil }
    return ChartGrid(
      rows: [[LineChart(xLabel: x, yLabel: label, lines: lines)]],
      legend: Legend(entries: lines.map { ($0.name, $0.style) }), natural: natural
    ).svg(title: "\(title): mean over seeds, and the standard deviation as a band")
  }

  /// A panel a layer, a colour a cell.
  private func layers(
    _ label: String, _ title: String, _ heads: (LocalityReport.Layer) -> [Double]?
  ) -> String? {
    let surveyed = cells.flatMap(\.runs).compactMap { $0.surveys.first }
    let depth = surveyed.map(\.report.layers.count).max() ?? 0
    let charts = (0..<depth).map { layer in
      LineChart(
        title: "layer \(layer)", xLabel: x, yLabel: label,
        lines: cells.enumerated().map { index, cell in
          line(
            cell.name, LineStyle(color: Self.colors.color(index, of: cells.count)), cell
          ) { run in
            run.surveys.map { survey in
              let layers = survey.report.layers
              let values = layers.indices ~= layer ? heads(layers[layer]) : nil
              return (Double(survey.epochs), values.flatMap(Statistics.mean))
            }
          }
        }.filter { !$0.parts.isEmpty })
    }.filter { !$0.lines.isEmpty }
    guard !charts.isEmpty else { return nil }
    var styles: [(name: String, style: LineStyle)] = []
    for line in charts.flatMap(\.lines) where !styles.contains(where: { $0.name == line.name }) {
      styles.append((line.name, line.style))
    }
    return ChartGrid(
      rows: charts.rows(of: 4), legend: Legend(entries: styles), width: 170, height: 130,
      natural: 0...Double.infinity
    ).svg(title: "\(title): mean over seeds, and the standard deviation as a band")
  }

  /// The mean and the band where all seeds that have got so far have a number.
  private func line(
    _ name: String, _ style: LineStyle, _ cell: Cell,
    _ points: (LoggedRun) -> [(x: Double, y: Double?)]
  ) -> LineChart.Line {
    var values: [Double: [Double]] = [:]
    for (x, y) in cell.runs.flatMap(points) {
      if let y, abs(y) < 1e30 { values[x, default: []].append(y) }
    }
    let found = values.sorted { $0.key < $1.key }.map { epochs, values in
      (x: x(epochs, in: cell), mean: Statistics.mean(values)!, spread: Statistics.deviation(values))
    }
    return LineChart.Line(
      name: name, style: style, points: found.map { ($0.x, $0.mean) },
      band: found.compactMap { point in
        point.spread.map { (point.x, point.mean - $0, point.mean + $0) }
      })
  }
}
