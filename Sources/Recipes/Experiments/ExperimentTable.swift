import DoubleNumerics
import Files
import Foundation
import Runs

package struct ExperimentTable: Sendable {
  private let plan: ExperimentPlan
  private var results: [String: EpochRecord] = [:]  // by folder
  private var failures: [String: String] = [:]

  package init(_ plan: ExperimentPlan) { self.plan = plan }

  /// The table of what runs have left below `folder`.
  init(_ plan: ExperimentPlan, in folder: String) throws {
    self.plan = plan
    for run in plan.runs {
      results[run.folder] = try run.readableResult(in: folder)
      guard results[run.folder] == nil else { continue }
      failures[run.folder] = run.failure(in: folder)?.message
    }
  }

  mutating func add(_ run: ExperimentPlan.Run, _ record: EpochRecord) {
    results[run.folder] = record
  }

  mutating func add(_ run: ExperimentPlan.Run, failure message: String) {
    failures[run.folder] = message
  }

  /// The values of a cell, one a seed that is done.
  private func values(_ row: Int, _ column: Int, _ measure: String) -> [Double] {
    plan.runs.filter { $0.row == row && $0.column == column }
      .compactMap { results[$0.folder]?[measure: measure] }
  }

  /// The mean of numbers, and their standard deviation (of a sample); none for no numbers.
  static func summary(_ values: [Double]) -> (mean: Double, deviation: Double?)? {
    Statistics.mean(values).map { ($0, Statistics.deviation(values)) }
  }

  /// The relative difference of the two columns' means in percent, and its standard error, to which
  /// the spread over seeds of both columns contributes; none while a column lacks results.
  private func gap(_ row: Int, _ measure: String) -> (value: Double, error: Double?)? {
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

  /// The table in the paper's shape, as Markdown: mean ± standard deviation over seeds. Runs that
  /// failed are named below it.
  package var markdown: String {
    var head = [""] + plan.marks.map(\.name)
    for measure in plan.measures {
      head += plan.columns.map { "\(Self.title(measure)) \($0)" }
      if plan.gap != nil { head.append("\(Self.title(measure)) gap") }
    }
    var lines = [
      "# \(plan.title)", "", "| " + head.joined(separator: " | ") + " |",
      "|" + head.map { _ in "---" }.joined(separator: "|") + "|",
    ]
    for (row, name) in plan.rows.enumerated() {
      var cells = [name] + plan.marks.map { $0.byRow[row] }
      for measure in plan.measures {
        cells += plan.columns.indices.map { cell(values(row, $0, measure), measure) }
        if plan.gap != nil {
          let gap = gap(row, measure)
          let error = gap?.error.map { String(format: " ± %.1f", $0) } ?? ""
          cells.append(gap.map { String(format: "%+.1f", $0.value) + error + " %" } ?? "–")
        }
      }
      lines.append("| " + cells.joined(separator: " | ") + " |")
    }
    let failed = plan.runs.compactMap { run in failures[run.folder].map { (run.folder, $0) } }
    if !failed.isEmpty { lines += ["", "Failed:", ""] + failed.map { "- `\($0)`: \($1)" } }
    return lines.joined(separator: "\n") + "\n"
  }

  private func cell(_ values: [Double], _ measure: String) -> String {
    guard let (mean, deviation) = Self.summary(values) else { return "–" }
    let digits = measure == "test_loss" ? 3 : 1
    let missing = values.count < seeds ? " (\(values.count) of \(seeds))" : ""
    return String(format: "%.\(digits)f", mean)
      + (deviation.map { String(format: " ± %.\(digits)f", $0) } ?? "") + missing
  }

  private var seeds: Int { Set(plan.runs.map(\.seed)).count }

  private static func title(_ measure: String) -> String {
    EpochRecord.measures.first { $0.key == measure }?.title ?? measure
  }

  /// The table as CSV: of each column mean and deviation, the gap and its error in percent.
  package var csv: String {
    var head = ["row"] + plan.marks.map { CSV.cell($0.name) }
    for measure in plan.measures {
      let names = plan.columns + (plan.gap == nil ? [] : ["gap"])
      head += names.flatMap {
        [CSV.cell("\(measure) \($0)"), CSV.cell("\(measure) \($0) ±")]
      }
    }
    let rows = plan.rows.enumerated().map { row, name in
      var cells = ([name] + plan.marks.map { $0.byRow[row] }).map { CSV.cell($0) }
      for measure in plan.measures {
        var pairs = plan.columns.indices.map { column -> (Double?, Double?) in
          let summary = Self.summary(values(row, column, measure))
          return (summary?.mean, summary?.deviation)
        }
        if plan.gap != nil {
          let gap = gap(row, measure)
          pairs.append((gap?.value, gap?.error))
        }
        cells += pairs.flatMap { [$0.0, $0.1] }.map(CSV.cell)
      }
      return cells
    }
    return CSV.table([head] + rows)
  }

  /// A line for each run that has ended or failed; the errors are a column once there are any.
  package var runs: String {
    let hasFailures = !failures.isEmpty
    var rows = [["row", "column", "seed"] + plan.measures + (hasFailures ? ["error"] : [])]
    for run in plan.runs {
      let (values, failure) = (results[run.folder], failures[run.folder])
      guard values != nil || failure != nil else { continue }
      let names = [plan.rows[run.row], plan.columns[run.column]].map { CSV.cell($0) }
      let numbers = plan.measures.map { CSV.cell(values?[measure: $0]) }
      let error = hasFailures ? [failure.map { CSV.cell($0) } ?? ""] : []
      rows.append(names + ["\(run.seed)"] + numbers + error)
    }
    return CSV.table(rows)
  }
}

extension EpochRecord {
  /// The measures of a table, by their keys in `log.jsonl`.
  static let measures:
    [(key: String, title: String, value: KeyPath<EpochRecord, Double?> & Sendable)] = [
      ("test_acc1", "Top-1", \.testAcc1), ("test_acc5", "Top-5", \.testAcc5),
      ("test_loss", "Loss", \.testLoss),
    ]

  subscript(measure key: String) -> Double? {
    Self.measures.first { $0.key == key }.flatMap { self[keyPath: $0.value] }
  }
}
