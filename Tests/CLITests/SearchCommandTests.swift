import Foundation
import Recipes
import Testing

/// `convit score` and `convit search`.
@Suite struct SearchCommandTests {
  private static let space = """
    title: Tiny
    base:
      input-size: 12
      patch-size: 4
      batch-size: 8
      epochs: 1
      no-repeated-aug: true
      mixup: 0
      cutmix: 0
    choices:
      heads: [1, 4]
      head-dim: [2, 4, 8]
      depth: [2, 3]
    """

  private static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return decoder
  }

  private func workspace(_ text: String = space) throws -> Workspace {
    let workspace = try Workspace()
    try workspace.write("space.yaml", text.utf8)
    return workspace
  }

  private static func report(in workspace: Workspace) throws -> SearchReport {
    try decoder.decode(SearchReport.self, from: workspace.read("out/search.json"))
  }

  private let few = ["--space", "space.yaml", "--data-path", "data", "--samples", "8"]

  @Test func scoresAreTheSameForAnyThreads() throws {
    let workspace = try workspace()
    let arguments =
      ["score"] + few + ["--batch-size", "12", "--starts", "2", "--explain", "--json"]
    let one = try workspace.convit(arguments + ["--threads", "1", "--output-dir", "out"])
    let three = try workspace.convit(arguments + ["--threads", "3"])
    try #require(one.status == 0, "\(one.err)")
    func untimed(_ text: String) -> String {
      text.replacing(/"ms":\{[^}]*\},?/, with: "").replacing(/"ms":[-0-9.e]+,?/, with: "")
    }
    #expect(untimed(one.out) == untimed(three.out) && one.out.contains("\"ms\":{"))
    #expect(try workspace.read("out/scores.json") == Data(one.out.utf8))
    let report = try Self.decoder.decode(ScoreTable.Report.self, from: Data(one.out.utf8))
    #expect(report.candidates.count == 8 && report.method == "naswot")
    #expect(Set(report.candidates.map(\.name)).count == 8)
    for candidate in report.candidates {
      #expect(
        Set(candidate.scores.keys) == [
          "naswot", "naswot-normalized", "mgm", "mgm-diagonal", "mgm-off-diagonal",
          "mgm-released", "mgm-auto-prox", "grad-norm", "snip", "synflow", "dss", "params", "macs",
          "ms",
        ])
    }
    #expect(report.candidates.compactMap { $0.scores["naswot"]?.rank } == Array(1...8))
    #expect(report.correlations["naswot"] == 1)
    let table = try workspace.convit(
      ["score"] + few + ["--batch-size", "12", "--method", "params"])
    #expect(table.out.contains("rank  candidate") && table.outLines.count == 10)
  }

  /// The others are trained, the table names it, and the same command tries it again.
  @Test func aCandidateThatFailsStopsNoOther() throws {
    let workspace = try workspace(Self.space + "\n  lr: [0.001, 1e30]\n")
    let arguments =
      ["search"] + few + [
        "--calibrate", "8", "--topk", "2", "--output-dir", "out", "--threads", "1",
      ]
    var failures = 0
    for _ in 0..<2 {
      let outcome = try workspace.convit(arguments)
      #expect(outcome.status == 1 && outcome.err.contains(" failed, as search.json says; "))
      let report = try Self.report(in: workspace)
      let failed = report.candidates.filter { $0.failure != nil }
      #expect(!failed.isEmpty && report.trained + failed.count == report.scored)
      #expect(failed.allSatisfy { $0.name.contains("1e+30") && $0.accuracy == nil })
      #expect(outcome.out.components(separatedBy: "\nfailed: ").count == failed.count + 1)
      #expect(outcome.err.components(separatedBy: ": failed: ").count == failed.count + 1)
      #expect(failures == 0 || failures == failed.count)
      failures = failed.count
    }
  }

  /// Configs are candidates, too; an image that is twice in a batch makes every code one of two.
  @Test func candidatesOfConfigs() throws {
    let workspace = try workspace()
    let base = "input-size: 12\npatch-size: 4\nheads: 1\nhead-dim: 4\n"
    try workspace.write("a.yaml", (base + "depth: 2").utf8)
    try workspace.write("b.yaml", (base + "depth: 3").utf8)
    try workspace.write("data/train/ant/1.png", try workspace.read("data/train/ant/0.png"))
    let outcome = try workspace.convit([
      "score", "--config", "a.yaml", "b.yaml", "--data-path", "data", "--batch-size",
      "24",
    ])
    try #require(outcome.status == 0, "\(outcome.err)")
    #expect(outcome.out.contains("a.yaml") && outcome.out.contains("−inf"))
    #expect(!outcome.err.contains("patches"))
    try workspace.write("b.yaml", "input-size: 12\npatch-size: 2\nheads: 1\nhead-dim: 4\n".utf8)
    let other = try workspace.convit([
      "score", "--config", "a.yaml", "b.yaml", "--data-path", "data", "--batch-size", "20",
      "--json",
    ])
    try #require(other.status == 0, "\(other.err)")
    let report = try Self.decoder.decode(ScoreTable.Report.self, from: Data(other.out.utf8))
    #expect(
      report.notes == [
        "the candidates have 9 to 36 patches, and naswot is higher for more of them: compare "
          + "candidates of equal numbers, or use naswot-normalized"
      ])
    try workspace.write("b.yaml", "input-size: 12\npatch-size: 5\n".utf8)
    try workspace.expectFailure(
      ["score", "--config", "a.yaml", "b.yaml", "--data-path", "data"], status: 2,
      ["b.yaml: ", "12", "5"])
  }

  /// What was trained is not trained again, and a search that was stopped ends in the same table.
  @Test func aSearchIsTakenUp() throws {
    let workspace = try workspace()
    let arguments =
      ["search"] + few + ["--output-dir", "out", "--calibrate", "5", "--topk", "2"]
    let outcome = try workspace.convit(arguments)
    try #require(outcome.status == 0, "\(outcome.err)")
    let table = try workspace.read("out/search.csv")
    let report = try Self.report(in: workspace)
    #expect(report.scored == 8 && report.candidates.count == 8)
    #expect(report.trained == 7 && report.correlated == 5)
    #expect(report.candidates.count { $0.accuracy != nil } == report.trained)
    #expect(report.candidates.allSatisfy { $0.predicted != nil })
    #expect(report.correlations.allSatisfy { abs($0.tau) <= 1 && $0.interval.count == 2 })
    #expect(outcome.out.contains("acc@1   epochs  predicted  candidate"))
    let runs = try workspace.listing().filter {
      $0.hasPrefix("out/candidates/") && $0.hasSuffix("/log.jsonl")
    }.sorted()
    try #require(runs.count == report.trained)
    let first = try workspace.read(runs[0])
    try workspace.remove(String(runs[1].dropLast("/log.jsonl".count)))
    try workspace.remove("out/search.json")
    let again = try workspace.convit(arguments)
    #expect(again.status == 0 && again.err.contains("candidates scored"))
    // The folder of images may be said in another way.
    let spelt = try workspace.convit(arguments.map { $0 == "data" ? "./data/" : $0 })
    #expect(spelt.status == 0, "\(spelt.err)")
    #expect(try workspace.read("out/search.csv") == table)
    #expect(try workspace.read(runs[0]) == first)
  }

  /// A population of the best by a score, then children that differ from one of them in a choice.
  @Test func evolution() throws {
    let workspace = try workspace()
    let arguments = [
      "search", "--space", "space.yaml", "--data-path", "data", "--samples", "3", "--output-dir",
      "out", "--evolve", "4", "--method", "params",
    ]
    let outcome = try workspace.convit(arguments)
    try #require(outcome.status == 0, "\(outcome.err)")
    let table = try workspace.read("out/search.csv")
    let report = try Self.report(in: workspace)
    #expect((4...7).contains(report.scored) && report.trained == report.scored)
    #expect(outcome.err.contains("population 3/3") && outcome.err.contains("child "))
    #expect(Set(report.candidates.map(\.name)).count == report.scored)
    for front in report.fronts { Self.expectFront(front, of: report.candidates) }
    try workspace.remove("out")
    let again = try workspace.convit(arguments + ["--threads", "1"])
    #expect(again.status == 0)
    #expect(try workspace.read("out/search.csv") == table)
  }

  /// Those are in a front that no other is as cheap and as accurate as, or the same in both.
  private static func expectFront(
    _ front: SearchReport.Front, of candidates: [SearchReport.Candidate]
  ) {
    let points = candidates.map {
      (name: $0.name, cost: $0.scores[front.cost] ?? 0, accuracy: $0.accuracy ?? 0)
    }
    let expected = points.filter { point in
      !points.contains {
        $0.cost <= point.cost && $0.accuracy >= point.accuracy
          && ($0.cost, $0.accuracy) != (point.cost, point.accuracy)
      }
    }
    let places = Set(expected.map { [$0.cost, $0.accuracy] })
    let found = front.candidates.compactMap { name in points.first { $0.name == name } }
    #expect(Set(found.map { [$0.cost, $0.accuracy] }) == places && found.count == places.count)
    #expect(found.map(\.cost) == found.map(\.cost).sorted())
  }

  /// Five are trained for an epoch of four, three of them for two, two to the end: no step twice,
  /// and the last rung ends in the weights of a run that never stopped.
  @Test func halving() throws {
    let workspace = try workspace(
      Self.space.replacing("epochs: 1", with: "epochs: 4\n  eval-every: 4"))
    let arguments =
      ["search"] + few + ["--output-dir", "out", "--topk", "5", "--rungs", "3"]
      + ["--batch-size", "12"]
    let outcome = try workspace.convit(arguments)
    try #require(outcome.status == 0, "\(outcome.err)")
    let report = try Self.report(in: workspace)
    #expect(report.candidates.map { $0.epochs ?? 0 } == [4, 4, 2, 1, 1, 0, 0, 0])
    #expect(
      report.candidates.map(\.isComplete) == [true, true] + Array(repeating: false, count: 6))
    #expect(report.trained == 2 && report.fronts.map(\.cost) == ["params", "macs"])
    #expect(outcome.err.contains("rung 1/3 5/5") && outcome.err.contains("rung 3/3 2/2"))
    let logs = try workspace.listing().filter {
      $0.hasPrefix("out/candidates/") && $0.hasSuffix("/log.jsonl")
    }
    let epochs = try logs.map { log in
      try workspace.read(log).split(separator: UInt8(ascii: "\n")).count
    }
    #expect(epochs.sorted() == [1, 1, 2, 4, 4])
    let longest = try #require(zip(logs, epochs).first { $0.1 == 4 }?.0)
    let run = String(longest.dropLast("/log.jsonl".count))
    let config = ["--config", run + "/config.yaml", "--output-dir", "whole", "--data-path", "data"]
    let whole = try workspace.convit(["train"] + config)
    try #require(whole.status == 0, "\(whole.err)")
    #expect(
      try workspace.read("whole/model.safetensors") == workspace.read(run + "/model.safetensors"))
    let table = try workspace.read("out/search.csv")
    let again = try workspace.convit(arguments + ["--threads", "1"])
    #expect(again.status == 0 && !again.err.contains("epoch 1/4"))
    #expect(try workspace.read("out/search.csv") == table)
    // Killed in the last rung, and one better than before, one worse: the rungs stay as they were.
    try workspace.remove("out/search.csv")
    let resumed = try workspace.convit(arguments)
    #expect(resumed.status == 0)
    #expect(try workspace.read("out/search.csv") == table)
    for name in ["search.html", "front-params.svg", "front-macs.svg"] {
      #expect(try workspace.listing().contains("out/" + name))
    }
  }

  /// Milliseconds are measured once: the search that is resumed decides by the same ones.
  @Test func millisecondsAreKept() throws {
    let workspace = try workspace()
    let arguments = ["search"] + few + ["--output-dir", "out", "--topk", "0"]
    let outcome = try workspace.convit(arguments + ["--max-ms", "1000"])
    try #require(outcome.status == 0, "\(outcome.err)")
    let table = try workspace.read("out/search.csv")
    #expect(String(decoding: table, as: UTF8.self).contains("\"macs\",\"ms\"\n"))
    #expect(try workspace.convit(arguments + ["--max-ms", "1000"]).status == 0)
    #expect(try workspace.read("out/search.csv") == table)
    let all = try Self.report(in: workspace)
    let fastest = try #require(
      all.candidates.min { $0.scores["ms"] ?? 0 < $1.scores["ms"] ?? 0 })
    let limited = try workspace.convit(
      arguments + ["--max-ms", "\(fastest.scores["ms"] ?? 0)"])
    try #require(limited.status == 0, "\(limited.err)")
    let report = try Self.report(in: workspace)
    #expect(report.candidates.map(\.name) == [fastest.name])
    try workspace.write("out/milliseconds.json", "{".utf8)
    try workspace.expectFailure(
      arguments + ["--max-ms", "9"], status: 1,
      ["out/milliseconds.json", "is not a table of milliseconds; remove it"])
  }

  @Test func budgets() throws {
    let workspace = try workspace()
    let arguments = ["search"] + few + ["--output-dir", "out", "--topk", "0"]
    let outcome = try workspace.convit(arguments + ["--max-params", "1200"])
    try #require(outcome.status == 0, "\(outcome.err)")
    let report = try Self.report(in: workspace)
    #expect((1..<8).contains(report.scored) && report.trained == 0)
    #expect(report.candidates.allSatisfy { $0.scores["params"] ?? .infinity <= 1200 })
    try workspace.expectFailure(
      ["search"] + few + ["--output-dir", "other", "--max-macs", "10"], status: 2,
      ["none of 8 candidates is within the budget"])
  }

  @Test func badRequests() throws {
    let workspace = try workspace()
    let score = ["score", "--data-path", "data"]
    for (arguments, part) in [
      (score, "candidates are --config C D …, or --space S"),
      (score + ["--config", "a", "--samples", "2"], "samples is for --space"),
      (score + ["--space", "s", "--batch-size", "1"], "batch-size must be 2 to 10000"),
      (score + ["--space", "s", "--method", "nas"], "'nas' is invalid for '--method"),
      (["search"] + few + ["--output-dir", "o", "--calibrate", "9"], "calibrate is more than"),
      (["search"] + few + ["--output-dir", "o", "--rungs", "0"], "rungs must be 1 to 20"),
      (
        ["search"] + few + ["--output-dir", "o", "--rungs", "2"],
        "rungs 2 halve the epochs 1 times, and a candidate has 1"
      ),
      (["search"] + few + ["--output-dir", "o", "--max-ms", "0"], "max-ms must be positive"),
    ] { try workspace.expectFailure(arguments, status: 2, [part]) }
    try workspace.expectFailure(
      ["score"] + few + ["--batch-size", "128"], status: 2,
      ["has 24 images, and scores want 1 batch of 128: a smaller batch-size will do"])
    try workspace.expectFailure(
      score + ["--space", "none.yaml"], ["none.yaml: cannot read the search space"])
  }
}
