import Foundation
import Synchronization
import Testing

/// Processes that share the folder of an experiment, a search or a search for tickets.
@Suite struct GridTests {
  private let workspace: Workspace
  private let grid = ["experiment", "grid.yaml", "--data-path", "data", "--threads", "1"]

  init() throws { workspace = try Workspace() }

  /// Writes a grid of runs of a tiny model.
  private func write(
    rows: String, columns: String, seeds: String = "[0]", epochs: Int = 2
  ) throws {
    let tiny = "input-size: 12, patch-size: 4, heads: 4, head-dim: 4, depth: 2, batch-size: 4"
    try workspace.write(
      "grid.yaml",
      """
      title: Tiny
      base: {\(tiny), epochs: \(epochs), no-repeated-aug: true, local-up-to-layer: 1}
      rows: \(rows)
      columns: \(columns)
      seeds: \(seeds)
      """.utf8)
  }

  private func text(_ name: String) throws -> String {
    String(decoding: try workspace.read(name), as: UTF8.self)
  }

  /// What a command leaves that is started so many times at once, of which the first is killed when
  /// that is due.
  private func together(
    _ count: Int, _ arguments: [String], killedWhen isDue: (@Sendable () -> Bool)? = nil
  ) throws -> [Outcome] {
    let outcomes = Mutex<[Int: Result<Outcome, any Error>]>([:])
    let folder = workspace.path
    DispatchQueue.concurrentPerform(iterations: count) { index in
      let interruption =
        index == 0 ? isDue.map { ConvitProcess.Interruption(isDue: $0) } : nil
      let outcome = Result {
        try ConvitProcess.run(arguments, in: folder, interruption: interruption)
      }
      outcomes.withLock { $0[index] = outcome }
    }
    return try outcomes.withLock { all in try (0..<count).compactMap { try all[$0]?.get() } }
  }

  /// Scripts/runs/grid_kill_loop.py in small.
  @Test func processesTakeEachRunOnce() throws {
    try write(rows: "{a: {}, b: {lr: 0.001}}", columns: "{A: {}}", seeds: "[0, 1, 2]")
    let alone = try workspace.convit(grid + ["--output-dir", "alone"])
    try #require(alone.status == 0, "\(alone.err)")
    let log = workspace.file("out/a/A/seed-1/log.jsonl")
    let all = try together(3, grid + ["--output-dir", "out"]) {
      FileManager.default.contents(atPath: log)?.isEmpty == false
    }
    #expect(all.map(\.status) == [128 + SIGKILL, 0, 0], "\(all.map(\.err))")
    #expect(all.dropFirst().allSatisfy { $0.out == alone.out })
    for name in ["table.md", "table.csv", "runs.csv"] {
      #expect(try workspace.read("out/\(name)") == workspace.read("alone/\(name)"), "\(name)")
    }
    let begun = all.flatMap(\.errLines).filter { $0.hasPrefix("run ") }
    #expect(Set(begun).count == 6 && begun.count <= 7, "\(begun)")
    // The epochs of each run, as they were told: none is there twice.
    var told: [String] = []
    for outcome in all {
      var run = ""
      for line in outcome.errLines {
        if line.hasPrefix("run ") { run = line }
        if line.hasPrefix("epoch ") { told.append("\(run), \(line.prefix { $0 != "/" })") }
      }
    }
    #expect(Set(told).count == told.count && (11...12).contains(told.count), "\(told)")
  }

  @Test func aFailedRunStopsNoOther() throws {
    try workspace.write("start.safetensors", "no weights".utf8)
    try write(rows: "{a: {}, b: {lr: 0.001}}", columns: "{A: {finetune: start.safetensors}, B: {}}")
    let wild = try text("grid.yaml").replacing("b: {lr: 0.001}", with: "b: {lr: 1e30}")
    try workspace.write("grid.yaml", wild.utf8)
    let outcome = try workspace.convit(grid + ["--output-dir", "out"])
    #expect(outcome.status == 1)
    #expect(
      outcome.errLines.last
        == "convit: out: 3 of 4 runs failed, as table.md says; the same command tries again, or "
        + "remove a run's folder to begin it anew")
    let table = try text("out/table.md")
    #expect(outcome.out == table && table.contains("\nFailed:\n\n- `a/A/seed-0`: start"))
    #expect(try text("out/a/A/seed-0/failed.txt").hasPrefix("start.safetensors: "))
    let runs = try text("out/runs.csv").split(separator: "\n")
    #expect(runs[0].hasSuffix(",error") && runs.count == 5 && runs[2].hasSuffix(","))
    #expect(runs[4].contains("has diverged"))
    let list = try workspace.convit(grid + ["--output-dir", "out", "--list"])
    #expect(list.outLines[0].hasPrefix("1  a/A/seed-0  failed: start.safetensors: "))
    #expect(list.outLines[1].hasPrefix("2  a/B/seed-0  done, acc@1 "))

    // What was wrong is put right: those that failed are trained, and the failures forgotten.
    let weights = try TrainedModel.workspace.get().read("run/model.safetensors")
    try workspace.write("start.safetensors", weights)
    try write(rows: "{a: {}, b: {lr: 0.001}}", columns: "{A: {finetune: start.safetensors}, B: {}}")
    let again = try workspace.convit(grid + ["--output-dir", "out"])
    #expect(again.status == 0, "\(again.err)")
    #expect(
      again.errLines.filter { $0.hasPrefix("run ") }
        == ["run 1/4: a/A/seed-0", "run 3/4: b/A/seed-0", "run 4/4: b/B/seed-0"])
    #expect(try !text("out/table.md").contains("Failed"))
    #expect(try text("out/runs.csv").hasPrefix("row,column,seed,test_acc1\n"))
    #expect(try !workspace.listing().contains { $0.hasSuffix("failed.txt") })
  }

  @Test func tasksOfAnArray() throws {
    try write(rows: "{a: {}, b: {lr: 0.001}}", columns: "{A: {}}", seeds: "[0, 1]", epochs: 6)
    let out = grid + ["--output-dir", "out"]
    let plan = try workspace.convit(out + ["--task", "2/3", "--dry-run"])
    #expect(plan.outLines == ["a/A/seed-1"])
    var during: Outcome?
    let checkpoint = workspace.file("out/a/A/seed-0/checkpoint.safetensors")
    let killed = try ConvitProcess.run(
      out + ["--task", "1/3"], in: workspace.path,
      interruption: .init(isDue: { FileManager.default.fileExists(atPath: checkpoint) }) {
        during = try? workspace.convit(out + ["--list"])
      })
    #expect(killed.status == 128 + SIGKILL)
    let running = try #require(during?.outLines)
    #expect(running.count == 4 && running[0].contains(/^1  a.A.seed-0  running, \d epochs? done$/))
    #expect(running.dropFirst().allSatisfy { $0.hasSuffix("  waiting") })
    let begun = try workspace.convit(out + ["--list", "--task", "1/3"])
    #expect(begun.outLines == [running[0].replacing("running", with: "begun"), running[3]])
    let first = try workspace.convit(out + ["--task", "1/3"])
    #expect(first.status == 0, "\(first.err)")
    #expect(
      first.errLines.filter { $0.hasPrefix("run ") } == [
        "run 1/4: a/A/seed-0", "run 4/4: b/A/seed-1",
      ])
    #expect(first.out.contains("(1 of 2)"))
    for task in ["2/3", "3/3"] {
      #expect(try workspace.convit(out + ["--task", task]).status == 0)
    }
    #expect(try !text("out/table.md").contains("of 2)"))
    for wrong in ["0/3", "4/3"] {
      try workspace.expectFailure(
        out + ["--task", wrong], status: 2,
        ["task is I/N, the I-th of N tasks, with I from 1 to N: 3/24; found \(wrong)"])
    }
    for wrong in ["3", "1/x"] {
      try workspace.expectFailure(
        out + ["--task", wrong], status: 2, ["'\(wrong)'", "'--task <I/N>'"])
    }
    let none = try workspace.convit(out + ["--task", "7/9"])
    #expect(none.status == 0)
    #expect(none.err.contains("note: the grid has 4 runs, and none for this task"))
  }

  /// A process that has nothing else to do ends by a signal while it waits.
  @Test func waitingEndsByASignal() throws {
    try write(rows: "{a: {}}", columns: "{A: {}}")
    let log = workspace.file("out/a/A/seed-0/log.jsonl")
    var waiting: Outcome?
    let killed = try ConvitProcess.run(
      grid + ["--output-dir", "out"], in: workspace.path,
      interruption: .init(isDue: {
        FileManager.default.contents(atPath: log) != nil
      }) {
        let begin = ContinuousClock.now
        waiting = try? ConvitProcess.run(
          grid + ["--output-dir", "out"], in: workspace.path,
          interruption: .init(isDue: { ContinuousClock.now - begin > .seconds(2) }, signal: SIGTERM)
        )
      })
    #expect(killed.status == 128 + SIGKILL && waiting?.status == 75)
    #expect(
      waiting?.errLines == [
        "note: waiting for 1 run that another process has",
        "note: the same command resumes the experiment",
      ])
  }

  @Test(arguments: [
    (["--calibrate", "3", "--topk", "4", "--rungs", "2"], 9),
    (["--evolve", "3", "--max-ms", "1000"], 8),
  ])
  func processesShareASearch(_ flags: [String], trainings: Int) throws {
    try workspace.write(
      "space.yaml",
      """
      base: {input-size: 12, patch-size: 4, batch-size: 8, epochs: 2, eval-every: 2, \
      no-repeated-aug: true}
      choices: {heads: [1, 4], head-dim: [2, 4, 8], depth: [2, 3]}
      """.utf8)
    let search =
      ["search", "--space", "space.yaml", "--data-path", "data", "--threads", "1"]
      + ["--samples", "8", "--batch-size", "12"] + flags
    let both = try together(2, search + ["--output-dir", "out"])
    #expect(both.map(\.status) == [0, 0], "\(both.map(\.err))")
    let table = try workspace.read("out/search.csv")
    // Nothing is trained by both: as many starts as there are names of them.
    let starts = both.flatMap(\.errLines).filter { $0.contains(/^(calib|popul|child|rung)/) }
    #expect(Set(starts).count == starts.count && starts.count >= trainings, "\(starts)")
    // One process makes the same of the times that these have measured.
    if flags.contains("--max-ms") {
      try workspace.write("alone/milliseconds.json", workspace.read("out/milliseconds.json"))
    }
    let alone = try workspace.convit(search + ["--output-dir", "alone"])
    #expect(alone.status == 0, "\(alone.err)")
    #expect(try workspace.read("alone/search.csv") == table)
  }

  @Test func processesShareTheSeedsOfTickets() throws {
    let tickets =
      ["ticket", "--method", "imp", "random", "--seeds", "2", "--data-path", "data"]
      + ["--input-size", "12", "--patch-size", "4", "--heads", "4", "--head-dim", "4"]
      + ["--depth", "2", "--local-up-to-layer", "1", "--batch-size", "4", "--epochs", "2"]
      + ["--rewind-step", "2", "--rounds", "2", "--threads", "1", "--resume", "auto"]
    let both = try together(2, tickets + ["--output-dir", "out"])
    #expect(both.map(\.status) == [0, 0], "\(both.map(\.err))")
    let told = both.map { outcome in outcome.errLines.count { $0.hasPrefix("epoch ") } }
    let alone = try workspace.convit(tickets + ["--output-dir", "alone"])
    #expect(alone.status == 0, "\(alone.err)")
    #expect(
      told.min() ?? 0 > 0 && told[0] + told[1] == alone.errLines.count { $0.hasPrefix("epoch ") })
    let files = try workspace.listing().filter {
      $0.hasPrefix("alone/") && ($0.hasSuffix("hard.csv") || $0.contains(/ticket-\d\.safe/))
    }
    #expect(files.count == 7)
    for file in files {
      let other = "out/" + file.dropFirst("alone/".count)
      #expect(try workspace.read(file) == workspace.read(other), "\(file)")
    }
  }
}
