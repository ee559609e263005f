import DoubleNumerics
import Files
import Foundation
import Images
import Locality
import Runs

/// The runs of a grid that have ended, by its cells: those of a cell differ by their seeds.
struct SeedGrid {
  struct Cell {
    let name: String
    fileprivate let row, column: String
    fileprivate(set) var runs: [LoggedRun]
    /// The epochs of the longest run.
    var length: Double { Double(runs.compactMap { $0.epochs.last?.epoch }.max() ?? 0) + 1 }
  }

  /// The mean over seeds, and one standard deviation on either side where there are two or more.
  struct Curve {
    let means: [(x: Double, y: Double)]
    let band: [(x: Double, low: Double, high: Double)]
  }

  let cells: [Cell]
  /// Runs that have failed, each with its message.
  let failures: [(run: String, message: String)]

  /// The runs that the `runs.csv` of a folder names, in its order; nil if the folder is none of a
  /// grid. A row or a column alone is no part of the names.
  init?(_ folder: String) throws {
    let files = FileManager.default
    guard files.fileExists(atPath: "\(folder)/\(RunFiles.runs)"),
      !files.fileExists(atPath: "\(folder)/\(RunFiles.log)")
    else { return nil }
    let records = try CSVRecords.read("\(folder)/\(RunFiles.runs)").map(\.fields)
    let head = records.first ?? []
    guard head.starts(with: ["row", "column", "seed"]) else {
      throw FileError(
        path: "\(folder)/\(RunFiles.runs)", reason: "not what convit experiment writes")
    }
    let error = head.firstIndex(of: "error")
    let runs = records.dropFirst().filter { $0.count == head.count }.map { fields in
      (
        row: fields[0], column: fields[1], seed: Int(fields[2]) ?? 0,
        error: error.map { fields[$0] } ?? ""
      )
    }
    let isOneRow = Set(runs.map(\.row)).count == 1
    let isOneColumn = Set(runs.map(\.column)).count == 1
    var cells: [Cell] = []
    var failures: [(run: String, message: String)] = []
    for run in runs {
      let name =
        isOneColumn ? run.row : isOneRow ? run.column : "\(run.row), \(run.column)"
      guard run.error.isEmpty else {
        failures.append(("\(name), seed \(run.seed)", run.error))
        continue
      }
      let path = RunFiles.folder(row: run.row, column: run.column, seed: run.seed)
      let logged = try LoggedRun("\(folder)/\(path)", name: "seed-\(run.seed)")
      if let place = cells.firstIndex(where: { $0.row == run.row && $0.column == run.column }) {
        cells[place].runs.append(logged)
      } else {
        cells.append(Cell(name: name, row: run.row, column: run.column, runs: [logged]))
      }
    }
    (self.cells, self.failures) = (cells, failures)
  }

  /// How the lines of a cell are drawn: a colour for each row, and dashes for the columns after the
  /// first; where there are more columns than dashes, a colour for each cell.
  struct Style {
    let color: Int
    /// How many colours there are in all.
    let colors: Int
    let dash: String?
  }

  private static let dashes: [String?] = [nil, "6 3", "2 3", "9 3 2 3"]

  /// The styles of `cells`.
  var styles: [Style] {
    func places(_ names: [String]) -> [String: Int] {
      names.reduce(into: [:]) { known, name in known[name] = known[name] ?? known.count }
    }
    let (rows, columns) = (places(cells.map(\.row)), places(cells.map(\.column)))
    guard rows.count > 1, columns.count <= Self.dashes.count else {
      return cells.indices.map { Style(color: $0, colors: cells.count, dash: nil) }
    }
    return cells.map {
      Style(
        color: rows[$0.row] ?? 0, colors: rows.count, dash: Self.dashes[columns[$0.column] ?? 0])
    }
  }

  /// Epochs, or where cells are of different lengths, the share of the training.
  private var isByShare: Bool { Set(cells.map(\.length)).count > 1 }
  var x: String { isByShare ? "share of the training, %" : "epochs trained" }

  /// The layers of the deepest model.
  var depth: Int {
    cells.flatMap(\.runs).compactMap { $0.surveys.first?.report.layers.count }.max() ?? 0
  }

  /// What each epoch has logged of a cell; a band stays where such numbers can be.
  func curve(
    _ key: EpochRecord.CodingKeys, within natural: ClosedRange<Double>, of cell: Cell
  ) -> Curve {
    let curve = curve(of: cell) { run in run.epochs.map { (Double($0.epoch) + 1, $0[key]) } }
    let band = curve.band.map { x, low, high in
      (x, max(low, natural.lowerBound), min(high, natural.upperBound))
    }
    return Curve(means: curve.means, band: band)
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
