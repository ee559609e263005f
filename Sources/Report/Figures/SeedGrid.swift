import DoubleNumerics
import Files
import Foundation
import Locality
import Runs

/// The runs of a grid by its cells, each of which has several that differ by their seeds.
struct SeedGrid {
  struct Cell {
    let name: String
    let runs: [LoggedRun]
    /// The epochs of the longest run.
    var length: Double { Double(runs.compactMap { $0.epochs.last?.epoch }.max() ?? 0) + 1 }
  }

  /// The mean over seeds, and one standard deviation on either side where there are two or more.
  struct Curve {
    let means: [(x: Double, y: Double)]
    let band: [(x: Double, low: Double, high: Double)]
  }

  let cells: [Cell]

  /// The cells whose runs are `seed-<n>` in one folder below that of a grid; nil if the folder is
  /// none of a grid.
  init?(_ folder: String) throws {
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
  var x: String { isByShare ? "share of the training, %" : "epochs trained" }

  /// The layers of the deepest model.
  var depth: Int {
    cells.flatMap(\.runs).compactMap { $0.surveys.first?.report.layers.count }.max() ?? 0
  }

  /// What each epoch has logged of a cell.
  func curve(_ key: EpochRecord.CodingKeys, of cell: Cell) -> Curve {
    curve(of: cell) { run in run.epochs.map { (Double($0.epoch) + 1, $0[key]) } }
  }

  /// The mean over the heads of a layer.
  func curve(
    _ heads: (LocalityReport.Layer) -> [Double]?, ofLayer layer: Int, of cell: Cell
  ) -> Curve {
    curve(of: cell) { run in
      run.surveys.map { survey in
        let layers = survey.report.layers
        let values = layers.indices ~= layer ? heads(layers[layer]) : nil
        return (Double(survey.epochs), values.flatMap(Statistics.mean))
      }
    }
  }

  private func curve(of cell: Cell, _ points: (LoggedRun) -> [(x: Double, y: Double?)]) -> Curve {
    var values: [Double: [Double]] = [:]
    for (x, y) in cell.runs.flatMap(points) {
      if let y, abs(y) < 1e30 { values[x, default: []].append(y) }
    }
    let found = values.sorted { $0.key < $1.key }.map { epochs, values in
      (
        x: isByShare ? 100 * epochs / cell.length : epochs, mean: Statistics.mean(values)!,
        spread: Statistics.deviation(values)
      )
    }
    return Curve(
      means: found.map { ($0.x, $0.mean) },
      band: found.compactMap { point in
        point.spread.map { (point.x, point.mean - $0, point.mean + $0) }
      })
  }
}
