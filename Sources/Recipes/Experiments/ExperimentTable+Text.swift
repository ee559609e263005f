import DoubleNumerics
import Files
import Foundation

extension ExperimentTable {
  /// The table in the paper's shape, as Markdown: mean ± standard deviation over seeds. Below it
  /// stand differences paired by seed, and runs that failed.
  package var markdown: String {
    var lines = ["# \(plan.title)", ""] + Self.markdown(cells)
    for (title, differences) in differences {
      lines += ["", "## \(title), paired by seed", ""] + Self.markdown(Self.cells(differences))
    }
    let failed = plan.runs.compactMap { run in failures[run.folder].map { (run.folder, $0) } }
    if !failed.isEmpty { lines += ["", "Failed:", ""] + failed.map { "- `\($0)`: \($1)" } }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func markdown(_ cells: [[String]]) -> [String] {
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
    let rule = "|" + cells[0].map { _ in "---" }.joined(separator: "|") + "|"
    return [line(cells[0]), rule] + cells.dropFirst().map(line)
  }

  /// The same as LaTeX: `tabular`s with the rules of the package booktabs, each with its title as a
  /// comment before it.
  package var latex: String {
    ([(plan.title, cells)]
      + differences.map { ("\($0.title), paired by seed", Self.cells($0.lines)) })
      .map(Self.latex).joined(separator: "\n")
  }

  private static func latex(title: String, _ cells: [[String]]) -> String {
    func line(_ cells: [String]) -> String {
      "  " + cells.map(escaped).joined(separator: " & ") + #" \\"#
    }
    let columns = "l" + String(repeating: "r", count: cells[0].count - 1)
    return
      ([
        "% \(title.printable(limit: 200))", #"\begin{tabular}{\#(columns)}"#, #"  \toprule"#,
        line(cells[0]), #"  \midrule"#,
      ]
      + cells.dropFirst().map(line) + [#"  \bottomrule"#, #"\end{tabular}"#, ""])
      .joined(separator: "\n")
  }

  private static func escaped(_ text: String) -> String {
    let special: [Character: String] = [
      "\\": #"\textbackslash{}"#, "~": #"\textasciitilde{}"#, "^": #"\textasciicircum{}"#,
      "±": #"$\pm$"#, "✓": #"\checkmark"#, "✗": #"$\times$"#, "–": "--", "−": "$-$",
      "λ": #"$\lambda$"#,
    ]
    return text.map { special[$0] ?? ("%&#_{}$".contains($0) ? #"\\#($0)"# : String($0)) }.joined()
  }

  /// The head and the rows.
  private var cells: [[String]] {
    var head = [""] + plan.marks.map(\.name)
    for measure in plan.measures {
      let title = RunMeasures.heading(of: measure).title
      head += plan.columns.map { "\(title) \($0)" }
      if plan.gap != nil { head.append("\(title) gap") }
    }
    let rows = plan.rows.enumerated().map { row, name in
      var cells = [name] + plan.marks.map { $0.byRow[row] }
      for measure in plan.measures {
        cells += plan.columns.indices.map { cell(values(row, $0, measure), measure) }
        if plan.gap != nil {
          let gap = gap(row, measure)
          let error = gap?.error.map { String(format: " ± %.1f", $0) } ?? ""
          cells.append(gap.map { String(format: "%+.1f", $0.value) + error + " %" } ?? "–")
        }
      }
      return cells
    }
    return [head] + rows
  }

  private func cell(_ values: [Double], _ measure: String) -> String {
    guard let (mean, deviation) = Self.summary(values) else { return "–" }
    let digits = RunMeasures.heading(of: measure).digits
    let seeds = Set(plan.runs.map(\.seed)).count
    let missing = values.count < seeds ? " (\(values.count) of \(seeds))" : ""
    return String(format: "%.\(digits)f", mean)
      + (deviation.map { String(format: " ± %.\(digits)f", $0) } ?? "") + missing
  }

  private static func cells(_ differences: [Difference]) -> [[String]] {
    [["", "measure", "difference", "95 % interval", "p", "n"]]
      + differences.map { line in
        let (title, digits) = RunMeasures.heading(of: line.measure)
        let interval = line.value.interval()
        func number(_ value: Double) -> String {
          String(format: "%+.\(digits + 1)f", value).replacing("-", with: "−")
        }
        return [
          line.name, title, number(line.value.mean),
          "\(number(interval.lowerBound)) to \(number(interval.upperBound))",
          line.value.p.isNaN ? "–" : String(format: "%.2g", line.value.p), "\(line.value.count)",
        ]
      }
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
      let (values, failure) = (measures(of: run), failures[run.folder])
      guard values != nil || failure != nil else { continue }
      let names = [plan.rows[run.row], plan.columns[run.column]].map { CSV.cell($0) }
      let numbers = plan.measures.map { CSV.cell(values?[$0]) }
      let error = hasFailures ? [failure.map { CSV.cell($0) } ?? ""] : []
      rows.append(names + ["\(run.seed)"] + numbers + error)
    }
    return CSV.table(rows)
  }
}
