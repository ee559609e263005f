import Foundation
import Runs
import Testing

@testable import Recipes
@testable import Training

@Suite struct ExperimentTests {
  private func plan(_ yaml: String, form: ExperimentPlan.Form? = nil) throws -> ExperimentPlan {
    let path = NSTemporaryDirectory() + "experiment-\(UUID().uuidString).yaml"
    try Data(yaml.utf8).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try ExperimentPlan(contentsOf: path, form: form)
  }

  private let grid = """
    title: A grid
    base: {epochs: 20, batch-size: 8}
    rows:
      5 %: {lr: 0.25}
      all/of it: {}
    columns:
      A: {depth: 3}
      B: {depth: 4, batch-size: 16}
    marks: {part: [few, many]}
    seeds: [0, 7]
    measures: [test_acc1, test_loss]
    gap: {of: B, over: A}
    quick: {base: {epochs: 2}, seeds: [3]}
    """

  @Test func rowsColumnsAndSeedsMakeRuns() throws {
    let plan = try plan(grid)
    #expect(
      plan.runs.count == 8 && plan.rows == ["5 %", "all/of it"] && plan.columns == ["A", "B"])
    let last = plan.runs[7]
    #expect((last.row, last.column, last.seed) == (1, 1, 7))
    #expect(last.folder == "all-of-it/B/seed-7" && plan.runs[0].folder == "5/A/seed-0")
    let c = plan.runs[2].configuration
    #expect((c.epochs, c.batchSize, c.depth, c.lr) == (20, 16, 4, 0.25))
    #expect(last.configuration.lr == 5e-4 && last.configuration.seed == 7)
    let quick = try self.plan(grid, form: .quick)
    #expect(quick.runs.map(\.seed) == [3, 3, 3, 3])
    #expect(quick.runs[0].configuration.epochs == 2 && quick.runs[0].configuration.batchSize == 8)
  }

  /// Before any has trained.
  @Test func aRunThatCannotBeIsAnError() throws {
    let yaml = grid.replacing("5 %: {lr: 0.25}", with: "5 %: {scale-epochs: true}")
    let error = #expect(throws: TrainingError.self) { try plan(yaml) }
    #expect(
      error?.message.hasSuffix("5 %, A: scale-epochs is for a sampling-ratio below 1") == true)
  }

  @Test func whatIsTheExperimentsOwn() throws {
    for key in ["seed: 3", "output_dir: x", "resume: auto"] {
      let yaml = grid.replacing("lr: 0.25", with: key)
      let error = #expect(throws: TrainingError.self) { try plan(yaml) }
      #expect(error?.message.contains("is the experiment's own") == true, "\(key)")
    }
  }

  @Test(
    arguments: [("sample-efficiency", 30), ("ablation", 42)],
    [nil, .quick, .middle] as [ExperimentPlan.Form?])
  func theExperimentsInConfigs(_ file: (name: String, runs: Int), form: ExperimentPlan.Form?) throws
  {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let path = root.appendingPathComponent("../../Configs/experiments/\(file.name).yaml").path
    let plan = try ExperimentPlan(contentsOf: path, form: form)
    #expect(plan.runs.count == file.runs && Set(plan.runs.map(\.seed)).count == 3)
  }

  /// The grid's table with these accuracies of its first runs.
  private func table(_ accuracies: [Double]) throws -> ExperimentTable {
    let plan = try plan(grid)
    var table = ExperimentTable(plan)
    for (run, accuracy) in zip(plan.runs, accuracies) { table.add(run, try record(accuracy)) }
    return table
  }

  /// The last epoch of a run with this accuracy.
  private func record(_ accuracy: Double) throws -> EpochRecord {
    var progress = RunProgress()
    progress.images = 1
    var totals = ClassificationTotals()
    for image in 0..<100 { totals.add(loss: 0.5, rank: Double(image) < accuracy ? 0 : 1) }
    return EpochRecord(progress, test: totals, averageTest: nil, badImages: 0, parameters: 1)
  }

  /// A gap of (64 − 42) / 42, whose error is 100 / 42 · √(2 / 2 + 8 / 2 · (64 / 42)²) = 7.64.
  @Test func aGapHasAnError() throws {
    let table = try table([40, 44, 63, 65])
    #expect(table.markdown.contains("| 42.0 ± 2.8 | 64.0 ± 1.4 | +52.4 ± 7.6 % |"))
    let lines = table.csv.split(separator: "\n").map { $0.split(separator: ",") }
    #expect(lines.count == 3 && lines[0].count == 14 && lines[0][3] == "\"test_acc1 A ±\"")
    let numbers = lines[1].dropFirst(2).prefix(6).compactMap { Double($0) }
    let expected = [42, 8.0.squareRoot(), 64, 2.0.squareRoot(), 2200.0 / 42, 7.6375]
    #expect(numbers.count == 6 && zip(numbers, expected).allSatisfy { abs($0 - $1) < 1e-3 })
  }

  @Test func theTableHasMeansAndDeviations() throws {
    // Row 1: A 40 and 44, B 63 alone; row 2: nothing yet.
    let table = try table([40, 44, 63])
    let lines = table.markdown.split(separator: "\n").map(String.init)
    #expect(lines[0] == "# A grid")
    #expect(
      lines[1] == "|  | part | Top-1 A | Top-1 B | Top-1 gap | Loss A | Loss B | Loss gap |")
    #expect(
      lines[3]
        == "| 5 % | few | 42.0 ± 2.8 | 63.0 (1 of 2) | +50.0 % | 0.500 ± 0.000 | "
        + "0.500 (1 of 2) | +0.0 % |"
    )
    #expect(lines[4] == "| all/of it | many | – | – | – | – | – | – |")
    #expect(
      table.runs == """
        row,column,seed,test_acc1,test_loss
        "5 %","A",0,40.0,0.5
        "5 %","A",7,44.0,0.5
        "5 %","B",0,63.0,0.5

        """)
  }

  @Test(arguments: [
    ("rows: {a: {}}", "columns must name variants"),
    ("rows: {a: {}}\ncolumns: {b: {lr: x}}", "'lr': expected number, found 'x'"),
    ("rows: {a: {}}\ncolumns: {b: {colour: 1}}", "unknown key 'colour'"),
    ("rows: {a: {}}\ncolumns: {b: {}}\nmore: 1", "unknown key 'more'"),
    ("rows: {a: {}}\ncolumns: {b: {}}\nseeds: [-1]", "seeds must be a list of whole numbers"),
    ("rows: {a: {}}\ncolumns: {b: {}}\nmeasures: [speed]", "measures are test_acc1"),
    ("rows: {a: {}}\ncolumns: {b: {}}\nmeasures: [nonlocality]", "no run measures nonlocality"),
    (
      "base: {locality-every: 1, depth: 3}\nrows: {a: {}}\ncolumns: {b: {}}\nmeasures: [gate_9]",
      "no run measures gate_9"
    ),
    ("rows: {a: {}}\ncolumns: {b: {}}\nmeasures: [ema_test_acc1]", "no run measures ema_test"),
    ("rows: {a: {}}\ncolumns: {b: {}}\ngap: {of: b, over: c}", "gap is between columns"),
    ("rows: {a: {}}\ncolumns: {b: {}}\nmarks: {m: [x, y]}", "'m' has 2 words for 1 rows"),
    ("rows: {a b: {}, a/b: {}}\ncolumns: {b: {}}", "have the same name"),
    ("rows: {a: {}}\ncolumns: {b: {}}\nreference: c", "reference is one of the rows, which are a"),
    ("rows: [{a: {}}, 3]\ncolumns: {b: {}}", "rows must name variants"),
    ("rows: [{lr: []}]\ncolumns: {b: {}}", "rows must name variants"),
    ("- 1", "expected lines of the form"),
  ]) func faultsAreNamed(yaml: String, part: String) {
    #expect { try plan(yaml) } throws: { "\($0)".contains(part) }
  }

  /// Axes are crossed, the last the fastest; names are joined.
  @Test func axesMakeRows() throws {
    let plan = try plan(
      """
      base: {epochs: 3}
      rows:
        - {few: {depth: 3}, many: {depth: 4}}
        - {lr: [0.25, 1e-3]}
        - {batch-size: [8, 16]}
      columns: {model: [convit_tiny, deit_tiny_patch16_224]}
      """)
    #expect(
      plan.rows == [
        "few, lr 0.25, batch-size 8", "few, lr 0.25, batch-size 16", "few, lr 1e-3, batch-size 8",
        "few, lr 1e-3, batch-size 16", "many, lr 0.25, batch-size 8",
        "many, lr 0.25, batch-size 16",
        "many, lr 1e-3, batch-size 8", "many, lr 1e-3, batch-size 16",
      ])
    #expect(plan.columns == ["model convit_tiny", "model deit_tiny_patch16_224"])
    let c = plan.runs[13].configuration  // row 6, column 1
    #expect((c.depth, c.lr, c.batchSize, c.model) == (4, 1e-3, 8, "deit_tiny_patch16_224"))
    #expect(plan.runs[13].folder == "many-lr-1e-3-batch-size-8/model-deit-tiny-patch16-224/seed-0")
  }

  /// SciPy 1.17: ttest_rel([63, 65], [40, 44]) has p = 0.028917, interval 9.2938 to 34.7062.
  @Test func differencesArePairedBySeed() throws {
    let table = try table([40, 44, 63, 65])
    #expect(
      table.markdown.contains(
        """
        ## B less A, paired by seed

        |  | measure | difference | 95 % interval | p | n |
        |---|---|---|---|---|---|
        | 5 % | Top-1 | +22.00 | +9.29 to +34.71 | 0.029 | 2 |
        | 5 % | Loss | +0.0000 | +0.0000 to +0.0000 | – | 2 |

        """), "\(table.markdown)")
    let compared = try plan(grid.replacing("gap: {of: B, over: A}", with: "reference: 5 %"))
    var other = ExperimentTable(compared)
    for (run, accuracy) in zip(compared.runs, [40, 44, 63, 65, 50, 53, 60, 63.0]) {
      other.add(run, try record(accuracy))
    }
    #expect(other.markdown.contains("## Less 5 %, paired by seed"))
    #expect(
      other.markdown.contains("| all/of it, A | Top-1 | +9.50 | +3.15 to +15.85 | 0.033 | 2 |"))
    #expect(other.markdown.contains("| all/of it, B | Top-1 | −2.50 | −8.85 to +3.85 | 0.13 | 2 |"))
    #expect(!other.markdown.contains("gap"))
  }

  @Test func latex() throws {
    let text = try table([40, 44, 63]).latex
    #expect(
      text.hasPrefix("% A grid\n\\begin{tabular}{lrrrrrrr}\n  \\toprule\n   & part & Top-1 A & "))
    #expect(text.contains(#"  5 \% & few & 42.0 $\pm$ 2.8 & 63.0 (1 of 2) & +50.0 \% & "#))
    #expect(
      text.contains(#"  all/of it & many & -- & "#) && text.contains(#"\\"# + "\n  \\bottomrule"))
  }

  @Test func aFileWithoutAQuickForm() {
    #expect { try plan("rows: {a: {}}\ncolumns: {b: {}}", form: .quick) } throws: {
      "\($0)".contains("there is no quick form")
    }
  }
}
