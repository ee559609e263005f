import Foundation
import Testing

/// Looking at models, and experiments with them.
@Suite struct LaboratoryTests {
  private struct Report: Decodable {
    struct Layer: Decodable {
      let layer: Int, kind: String
      let nonlocality: [Double], gate: [Double]?, reference_nonlocality: [Double]?
    }
    let images: Int, grid: [Int]
    let layers: [Layer]
  }

  @Test func localityOfATrainedModel() throws {
    let workspace = try Workspace()
    let model = try TrainedModel.workspace.get().file("run/model.safetensors")
    let arguments = [
      "locality", "--weights", model, "--data-path", "data", "--output-dir", "out/deep",
    ]
    let outcome = try workspace.convit(arguments + ["--sample", "4", "--reference", "--json"])
    #expect(outcome.status == 0, "\(outcome.err)")
    let report = try JSONDecoder().decode(Report.self, from: Data(outcome.out.utf8))
    #expect(report.images == 4 && report.grid == [3, 3])
    #expect(report.layers.map(\.kind) == ["gpsa", "mhsa"])
    #expect(report.layers[0].gate?.count == 4 && report.layers[1].gate == nil)
    #expect(report.layers.allSatisfy { $0.reference_nonlocality?.count == 4 })
    #expect(
      try workspace.listing().isSuperset(of: ["out/deep/locality.json", "out/deep/locality.csv"]))
    let csv = String(decoding: try workspace.read("out/deep/locality.csv"), as: UTF8.self)
    #expect(csv.split(separator: "\n").count == 9)
    // The same images and numbers whatever the threads and batches; all of them if asked for.
    let again = try workspace.convit(
      arguments + ["--sample", "4", "--threads", "1", "--batch-size", "3", "--json"])
    let other = try JSONDecoder().decode(Report.self, from: Data(again.out.utf8))
    for (a, b) in zip(report.layers, other.layers) {
      #expect(zip(a.nonlocality, b.nonlocality).allSatisfy { abs($0 - $1) < 1e-9 })
    }
    let all = try workspace.convit(arguments + ["--sample", "all"])
    #expect(all.out.hasPrefix("layer  kind") && all.err.contains("9 images"))
    try workspace.expectFailure(
      arguments + ["--sample", "some"], status: 2, ["sample must be a positive number or all"])
  }

  @Test func aReportOfARun() throws {
    let workspace = try Workspace()
    try workspace.train("run")
    let outcome = try workspace.convit(["report", "run"])
    #expect((outcome.status, outcome.out, outcome.err) == (0, "run/report.html\n", ""))
    #expect(try workspace.read("run/report.html").count > 10_000)
    try workspace.expectFailure(
      ["report", "data"], ["data: no log.jsonl: not the folder of a run"])
    try workspace.expectFailure(["report"], status: 2, ["Missing expected argument"])
  }

  @Test func anExperimentGoesOnWhereItStopped() throws {
    let workspace = try Workspace()
    let tiny = "input-size: 12, patch-size: 4, heads: 4, head-dim: 4, depth: 2, batch-size: 4"
    try workspace.write(
      "grid.yaml",
      """
      title: Tiny
      base: {\(tiny), epochs: 1, no-repeated-aug: true, local-up-to-layer: 1, locality-every: 1}
      rows: {few: {lr: 0.001}, many: {}}
      columns: {A: {}, B: {depth: 3}}
      measures: [test_acc1, nonlocality, gate_0]
      """.utf8)
    let arguments = ["experiment", "grid.yaml", "--data-path", "data", "--output-dir", "out"]
    let plan = try workspace.convit(arguments + ["--dry-run"])
    #expect(plan.outLines == ["few/A/seed-0", "few/B/seed-0", "many/A/seed-0", "many/B/seed-0"])
    #expect(try workspace.convit(arguments).status == 0)
    let table = try workspace.read("out/table.md")
    let first = try workspace.read("out/few/A/seed-0/log.jsonl")
    let console = String(
      decoding: try workspace.read("out/few/A/seed-0/console.txt"), as: UTF8.self)
    #expect(console.contains("\nmodel: ") || console.hasPrefix("model: "))
    #expect(console.contains("epoch 1/1  loss "))
    // Runs that have ended are not made again, one that is missing is.
    try workspace.remove("out/many/B/seed-0")
    let again = try workspace.convit(arguments)
    #expect(again.status == 0)
    #expect(again.errLines.filter { $0.hasPrefix("run ") } == ["run 4/4: many/B/seed-0"])
    #expect(again.out == String(decoding: table, as: UTF8.self))
    #expect(try workspace.read("out/few/A/seed-0/log.jsonl") == first)
    #expect(String(decoding: table, as: UTF8.self).contains("| few | "))
    // Where heads look is that of the last line of locality.jsonl.
    let measured = try #require(
      try workspace.read("out/few/A/seed-0/locality.jsonl").split(separator: UInt8(ascii: "\n"))
        .last)
    let line = try #require(JSONSerialization.jsonObject(with: measured) as? [String: Any])
    let layers = try #require((line["report"] as? [String: Any])?["layers"] as? [[String: Any]])
    let heads = layers.flatMap { $0["nonlocality"] as? [Double] ?? [] }
    let gates = try #require(layers[0]["gate"] as? [Double])
    let runs = String(decoding: try workspace.read("out/runs.csv"), as: UTF8.self)
    let cells = runs.split(separator: "\n")[1].split(separator: ",").compactMap { Double($0) }
    #expect(heads.count == 8 && abs(cells[2] - heads.reduce(0, +) / 8) < 1e-9, "\(runs)")
    #expect(abs(cells[3] - gates.reduce(0, +) / 4) < 1e-9)
    let latex = String(decoding: try workspace.read("out/table.tex"), as: UTF8.self)
    #expect(latex.contains("Non-locality A"))
    // A run of another length would continue with other rates.
    let yaml = String(decoding: try workspace.read("grid.yaml"), as: UTF8.self)
    try workspace.write("grid.yaml", yaml.replacing("epochs: 1", with: "epochs: 2").utf8)
    try workspace.expectFailure(
      arguments, status: 2, ["out/few/A/seed-0: the run there is of epochs 1, the experiment of 2"])
  }
}
