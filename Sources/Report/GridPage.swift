import DoubleNumerics
import Files
import Foundation
import Locality
import Runs

/// A page about the runs of a grid: what each cell has come to over its seeds, and curves of their
/// means. One HTML file that needs no other.
package struct GridPage: Sendable {
  package let html: String

  /// The page of a folder as `convit experiment` writes it; nil if it is none of a grid.
  package init?(_ folder: String) throws {
    guard let grid = try SeedGrid(folder) else { return nil }
    let data = Contents(
      title: Self.title(of: folder), x: grid.x,
      cells: zip(grid.cells, grid.styles).map { Contents.Cell($0, style: $1) },
      colors: grid.styles.first?.colors ?? 0,
      curves: Contents.curves(of: grid), layers: Contents.layers(of: grid),
      failures: grid.failures.map(Contents.Failure.init))
    html = Page.html(
      PackageResources.grid_html,
      scripts: Page.charts + [PackageResources.grid_js],
      data: "{\"colors\":\(try Page.colors()),\"grid\":\(try JSON.text(data))}")
  }

  /// The heading of the grid's table, or the folder's name.
  private static func title(of folder: String) -> String {
    let table = try? RegularFile.contents(of: "\(folder)/table.md", maxBytes: 64 << 20)
    let line = table?.split(separator: UInt8(ascii: "\n")).first
    let heading = line.map { String(decoding: $0, as: UTF8.self) } ?? ""
    return heading.hasPrefix("# ")
      ? String(heading.dropFirst(2)) : URL(fileURLWithPath: folder).lastPathComponent
  }
}

/// What the page shows, in JSON.
private struct Contents: Encodable {
  let title, x: String
  let cells: [Cell]
  /// How many colours their lines have.
  let colors: Int
  let curves: [Chart]
  let layers: [Layer]
  let failures: [Failure]

  struct Failure: Encodable { let run, message: String }

  /// The last numbers of each run of a cell, by seed.
  struct Cell: Encodable {
    let name: String
    let color: Int
    let dash: String?
    let seeds: [Int]
    /// nil where a run has no such number.
    let values: [String: [Double?]]

    init(_ cell: SeedGrid.Cell, style: SeedGrid.Style) {
      (name, color, dash) = (cell.name, style.color, style.dash)
      seeds = cell.runs.map { Int($0.name.drop { !$0.isNumber }) ?? 0 }
      func last(_ key: EpochRecord.CodingKeys) -> [Double?] {
        cell.runs.map { run in run.epochs.last { $0[key] != nil }?[key] }
      }
      func heads(_ values: (LocalityReport.Layer) -> [Double]?) -> [Double?] {
        cell.runs.map { run in
          run.surveys.last.flatMap {
            Statistics.mean($0.report.layers.flatMap { values($0) ?? [] })
          }
        }
      }
      values = [
        "test_acc1": last(.testAcc1), "test_acc5": last(.testAcc5), "test_loss": last(.testLoss),
        "train_loss": last(.trainLoss),
        "best_acc1": cell.runs.map { run in run.epochs.compactMap { $0[.testAcc1] }.max() },
        "nonlocality": heads { $0.nonlocality }, "gate": heads { $0.gate },
      ]
    }
  }

  struct Chart: Encodable {
    let title: String
    /// The most that its numbers can be, if there is such a number.
    let most: Double?
    let series: [Series]
  }

  /// A curve of each cell of the mean over a layer's heads.
  struct Layer: Encodable { let nonlocality, gate: [Series] }

  struct Series: Encodable {
    /// Which cell it is of.
    let cell: Int
    let points, band: [[Double]]

    init?(_ curve: SeedGrid.Curve, of cell: Int) {
      guard !curve.means.isEmpty else { return nil }
      self.cell = cell
      (points, band) = (curve.means.map { [$0, $1] }, curve.band.map { [$0, $1, $2] })
    }
  }

  static func curves(of grid: SeedGrid) -> [Chart] {
    let quantities: [(String, EpochRecord.CodingKeys, most: Double)] = [
      ("Top-1, %", .testAcc1, 100), ("Test loss", .testLoss, .infinity),
      ("Training loss", .trainLoss, .infinity),
    ]
    return quantities.map { title, key, most in
      Chart(
        title: title, most: most.isFinite ? most : nil,
        series: series(of: grid) { grid.curve(key, within: 0...most, of: $0) })
    }.filter { !$0.series.isEmpty }
  }

  static func layers(of grid: SeedGrid) -> [Layer] {
    (0..<grid.depth).map { layer in
      Layer(
        nonlocality: series(of: grid) { grid.curve(\.nonlocality, ofLayer: layer, of: $0) },
        gate: series(of: grid) { grid.curve(\.gate, ofLayer: layer, of: $0) })
    }
  }

  private static func series(
    of grid: SeedGrid, _ curve: (SeedGrid.Cell) -> SeedGrid.Curve
  ) -> [Series] {
    grid.cells.enumerated().compactMap { Series(curve($1), of: $0) }
  }
}
