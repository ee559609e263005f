import Files
import Locality
import Runs

/// Figures of the logs of runs, each a file of SVG: losses, accuracy, and figures 5 and 6 of
/// d'Ascoli et al. 2021; and what the last two are of as a table.
package struct RunFigures: Sendable {
  package struct Figure: Sendable {
    package let name: String
    package let svg: String
  }

  /// What `locality.jsonl` of all runs has, a line for each run, measurement and head; nil if no
  /// run has one.
  package let localityTable: String?

  /// The figures that the logs have numbers for.
  package let figures: [Figure]
  /// What is missing, a sentence each.
  package let notes: [String]

  private typealias Drawn = (grid: ChartGrid, title: String)

  private static let x = "epochs trained"

  /// The figures of runs, or of all runs of a grid, if its folder is the only one.
  package init(_ folders: [String], layout: FigureLayout = FigureLayout()) throws {
    if folders.count == 1, let grid = try SeedGrid(folders[0]) {
      let found = try SeedFigures(grid: grid, layout: layout).figures()
      figures = found.compactMap { name, svg in svg.map { Figure(name: name, svg: $0) } }
      localityTable = Self.table(
        grid.cells.flatMap { cell in cell.runs.map { ("\(cell.name), \($0.name)", $0) } })
      notes = found.filter { $0.svg == nil }.map {
        "\($0.name) is not written: no run has numbers for it"
      }
      return
    }
    let runs = try zip(folders, RunRecord.names(folders)).map { try LoggedRun($0, name: $1) }
    let drawn: [(name: String, figure: Drawn?)] = [
      ("loss.svg", Self.losses(runs)), ("accuracy.svg", Self.accuracies(runs)),
      ("nonlocality.svg", Self.nonlocality(runs)), ("gates.svg", Self.gates(runs)),
    ]
    let found = try drawn.map { name, figure in
      (
        name: name,
        svg: try FigureError.naming(name) {
          try figure.map { try $0.grid.svg(title: $0.title, in: layout) }
        }
      )
    }
    localityTable = Self.table(Array(zip(folders, runs)))
    figures = found.compactMap { name, svg in svg.map { Figure(name: name, svg: $0) } }
    let without = zip(folders, runs).filter { $1.surveys.isEmpty }.map {
      "\($0.0): no \(RunFiles.locality), so it is not in nonlocality.svg and gates.svg"
    }
    let empty = found.filter { $0.svg == nil }.map {
      "\($0.name) is not written: no run has numbers for it"
    }
    let ungated = zip(folders, runs).filter { _, run in
      run.surveys.first?.report.layers.allSatisfy { $0.gate == nil } ?? false
    }
    let isDrawn = found.contains { $0.name == "gates.svg" && $0.svg != nil }
    notes = without + (isDrawn ? ungated.map { "\($0.0): no gates for gates.svg" } : []) + empty
  }

  private static func table(_ runs: [(name: String, run: LoggedRun)]) -> String? {
    let measured = runs.flatMap { name, run in
      run.surveys.flatMap { survey in
        survey.report.rows.map { [CSV.cell(name), "\(survey.epochs)"] + $0 }
      }
    }
    guard !measured.isEmpty else { return nil }
    return CSV.table([["run", "epochs"] + LocalityReport.columns] + measured)
  }

  private static let colors = LineColors.light

  private static func losses(_ runs: [LoggedRun]) -> Drawn? {
    curves(
      runs, "loss", title: "Training and test loss by epoch", within: 0...Double.infinity,
      [("train", "5 3", .trainLoss), ("test", nil, .testLoss)])
  }

  private static func accuracies(_ runs: [LoggedRun]) -> Drawn? {
    curves(
      runs, "test accuracy, %", title: "Test accuracy by epoch", within: 0...100,
      [("", nil, .testAcc1)])
  }

  /// One chart with a colour a run and a dash a quantity.
  private static func curves(
    _ runs: [LoggedRun], _ label: String, title: String, within natural: ClosedRange<Double>,
    _ quantities: [(name: String, dash: String?, key: EpochRecord.CodingKeys)]
  ) -> Drawn? {
    let lines = runs.enumerated().flatMap { index, run in
      quantities.map { quantity in
        LineChart.Line(
          name: quantity.name.isEmpty ? run.name : "\(run.name), \(quantity.name)",
          style: LineStyle(color: colors.color(index, of: runs.count), dash: quantity.dash),
          points: run.epochs.map { (Double($0.epoch) + 1, $0[quantity.key]) })
      }
    }.filter { !$0.parts.isEmpty }
    guard !lines.isEmpty else { return nil }
    let chart = LineChart(xLabel: x, yLabel: label, lines: lines)
    let legend = Legend(entries: lines.map { ($0.name, $0.style) })
    return (
      ChartGrid(groups: [[chart]], columns: 1, legend: legend, natural: natural), title
    )
  }

  /// Figure 5: the mean non-locality of each layer, a panel a run: a colour a layer, a dash a kind.
  private static func nonlocality(_ all: [LoggedRun]) -> Drawn? {
    let runs = all.filter { !$0.surveys.isEmpty }
    let depth = runs.map(\.surveys[0].report.layers.count).max() ?? 0
    guard depth > 0 else { return nil }
    func color(_ layer: Int) -> String { colors.ordered(layer, of: depth) }
    let charts = runs.map { run in
      let layers = run.surveys[0].report.layers
      return LineChart(
        title: run.name, xLabel: x, yLabel: "non-locality, patches",
        lines: layers.indices.map { index in
          LineChart.Line(
            name: "layer \(index)",
            style: LineStyle(color: color(index), dash: layers[index].kind.dash),
            points: run.surveys.map {
              (Double($0.epochs), $0.report.layers[index].meanNonlocality)
            })
        }, yardstick: run.surveys[0].report.uniformNonlocality)
    }
    // A layer may be of one kind in one run and of another in the next.
    let kinds = Set(runs.flatMap { $0.surveys[0].report.layers.map(\.kind) })
    let known = [LocalityReport.Kind.gpsa, .psa, .mhsa]
    let others = kinds.subtracting(known).sorted { $0.rawValue < $1.rawValue }
    let legend = Legend(
      entries: (0..<depth).map { ("layer \($0)", LineStyle(color: color($0))) }
        + (known.filter(kinds.contains) + others).map {
          ($0.rawValue.uppercased(), LineStyle(dash: $0.dash))
        } + [("uniform attention", LineChart.yardstickStyle)])
    return (
      ChartGrid(groups: [charts], columns: 3, legend: legend, natural: 0...Double.infinity),
      "Non-locality of each layer, mean over heads, along training"
    )
  }

  /// Figure 6: σ(λ) of each head, a panel a GPSA layer, the runs below each other.
  private static func gates(_ all: [LoggedRun]) -> Drawn? {
    let runs = all.filter { !$0.surveys.isEmpty }
    let heads = runs.flatMap { $0.surveys[0].report.layers.map { $0.gate?.count ?? 0 } }.max() ?? 0
    guard heads > 0 else { return nil }
    let groups = runs.map { run in
      run.surveys[0].report.layers.indices.compactMap { layer in
        panel(run, layer, heads: heads, title: all.count > 1 ? "\(run.name), " : "")
      }
    }
    let legend = Legend(
      entries: (0..<heads).map { ("head \($0)", style($0, of: heads)) }
        + [("mean over heads", meanStyle)])
    return (
      ChartGrid(
        groups: groups, columns: 5, legend: legend, width: 150, height: 120, natural: 0...1),
      "Gates of the positional attention along training"
    )
  }

  private static let meanStyle = LineStyle(color: "#111", width: 2.4)

  private static func style(_ head: Int, of heads: Int) -> LineStyle {
    LineStyle(color: colors.color(head, of: heads), width: 1)
  }

  /// The gates of a layer with colours for `heads` heads; nil if it has none.
  private static func panel(
    _ run: LoggedRun, _ layer: Int, heads: Int, title: String
  ) -> LineChart? {
    let gates = run.surveys.compactMap { survey in
      survey.report.layers[layer].gate.map { (x: Double(survey.epochs), values: $0) }
    }
    guard let count = gates.first?.values.count else { return nil }
    let lines = (0..<count).map { head in
      LineChart.Line(
        name: "head \(head)", style: style(head, of: heads),
        points: gates.map { ($0.x, $0.values[head]) })
    }
    let mean = LineChart.Line(
      name: "mean", style: meanStyle,
      points: gates.map { ($0.x, $0.values.reduce(0, +) / Double(count)) })
    return LineChart(
      title: title + "layer \(layer)", xLabel: x, yLabel: "gate σ(λ)", lines: [mean] + lines)
  }
}

extension LocalityReport.Kind {
  fileprivate var dash: String? {
    switch self {
    case .gpsa: nil
    case .psa: "9 3 2 3"
    case .mhsa: "5 3"
    default: "1 3"
    }
  }
}

/// The numbers of a run that figures show.
struct LoggedRun {
  let name: String
  let epochs: [EpochNumbers]
  let surveys: [LocalityRecord]

  init(_ folder: String, name: String) throws {
    self.name = name
    try RunRecord.requireRun(folder)
    let locality = "\(folder)/\(RunFiles.locality)"
    epochs = try JSONLines("\(folder)/\(RunFiles.log)").all()
    surveys = try JSONLines(locality).all()
    if let reason = Self.fault(in: surveys) { throw FileError(path: locality, reason: reason) }
  }

  private static func fault(in surveys: [LocalityRecord]) -> String? {
    func shape(_ survey: LocalityRecord) -> [[Int]] {
      survey.report.layers.map { [$0.nonlocality.count, $0.gate?.count ?? 0] }
    }
    for (index, survey) in surveys.enumerated() {
      if shape(survey) != shape(surveys[0]) {
        return "line \(index + 1) has other layers or heads than line 1"
      }
      let layers = survey.report.layers
      if layers.isEmpty || layers.contains(where: { $0.nonlocality.isEmpty || $0.gate == [] }) {
        return "line \(index + 1) has no layers or heads"
      }
    }
    return nil
  }
}
