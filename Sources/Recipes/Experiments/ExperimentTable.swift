import DoubleNumerics
import Files
import Foundation
import Runs

/// What the runs of a grid have come to: means over seeds, and differences paired by seed.
package struct ExperimentTable: Sendable {
  let plan: ExperimentPlan
  private var results: [String: RunMeasures] = [:]  // by folder
  private(set) var failures: [String: String] = [:]

  package init(_ plan: ExperimentPlan) { self.plan = plan }

  /// The table of what runs have left below `folder`.
  init(_ plan: ExperimentPlan, in folder: String) throws {
    self.plan = plan
    for run in plan.runs {
      results[run.folder] = try run.readableResult(in: folder).map {
        RunMeasures($0, of: "\(folder)/\(run.folder)")
      }
      guard results[run.folder] == nil else { continue }
      failures[run.folder] = run.failure(in: folder)?.message
    }
  }

  mutating func add(_ run: ExperimentPlan.Run, _ record: EpochRecord) {
    results[run.folder] = RunMeasures(record)
  }

  mutating func add(_ run: ExperimentPlan.Run, failure message: String) {
    failures[run.folder] = message
  }

  /// What a run has measured, if it is done.
  func measures(of run: ExperimentPlan.Run) -> RunMeasures? { results[run.folder] }

  /// The values of a cell, one a seed that is done.
  func values(_ row: Int, _ column: Int, _ measure: String) -> [Double] {
    plan.runs.filter { $0.row == row && $0.column == column }
      .compactMap { results[$0.folder]?[measure] }
  }

  /// The mean of numbers, and their standard deviation (of a sample); none for no numbers.
  static func summary(_ values: [Double]) -> (mean: Double, deviation: Double?)? {
    Statistics.mean(values).map { ($0, Statistics.deviation(values)) }
  }

  /// The relative difference of the two columns' means in percent, and its standard error, to which
  /// the spread over seeds of both columns contributes; none while a column lacks results.
  func gap(_ row: Int, _ measure: String) -> (value: Double, error: Double?)? {
    guard let gap = plan.gap else { return nil }
    let (of, over) = (values(row, gap.of, measure), values(row, gap.over, measure))
    guard let a = Self.summary(of), let b = Self.summary(over), b.mean != 0 else { return nil }
    var error: Double?
    if let da = a.deviation, let db = b.deviation {
      let (va, vb) = (da * da / Double(of.count), db * db / Double(over.count))
      error = 100 / abs(b.mean) * (va + vb * (a.mean / b.mean) * (a.mean / b.mean)).squareRoot()
    }
    return (100 * (a.mean - b.mean) / b.mean, error)
  }

  /// A mean difference of two cells, paired by seed.
  struct Difference {
    let name: String
    let measure: String
    let value: PairedDifference
  }

  /// Of the two columns of `gap`, row by row, and of each row to the row `reference`, column by
  /// column; those with two seeds at least.
  var differences: [(title: String, lines: [Difference])] {
    var found: [(title: String, lines: [Difference])] = []
    if let gap = plan.gap {
      let lines = plan.rows.indices.flatMap { row in
        difference(plan.rows[row], (row, gap.of), (row, gap.over))
      }
      found.append(("\(plan.columns[gap.of]) less \(plan.columns[gap.over])", lines))
    }
    if let reference = plan.reference {
      let lines = plan.columns.indices.flatMap { column in
        plan.rows.indices.filter { $0 != reference }.flatMap { row in
          difference(
            "\(plan.rows[row]), \(plan.columns[column])", (row, column), (reference, column))
        }
      }
      found.append(("Less \(plan.rows[reference])", lines))
    }
    return found.filter { !$0.lines.isEmpty }
  }

  private typealias Cell = (row: Int, column: Int)

  private func difference(_ name: String, _ of: Cell, _ over: Cell) -> [Difference] {
    plan.measures.compactMap { measure in
      func bySeed(_ cell: Cell) -> [UInt64: Double] {
        let runs = plan.runs.filter { $0.row == cell.row && $0.column == cell.column }
        return Dictionary(
          runs.compactMap { run in results[run.folder]?[measure].map { (run.seed, $0) } },
          uniquingKeysWith: { first, _ in first })
      }
      let (of, over) = (bySeed(of), bySeed(over))
      let pairs = of.keys.sorted().compactMap { seed in over[seed].map { (of[seed]!, $0) } }
      return PairedDifference(pairs).map { Difference(name: name, measure: measure, value: $0) }
    }
  }
}
