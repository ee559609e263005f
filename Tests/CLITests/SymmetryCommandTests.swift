import ConViT
import Foundation
import Testing

@testable import Symmetry

/// `convit symmetry`, and averages in `evaluate` and `train`.
@Suite struct SymmetryCommandTests {
  private let workspace: Workspace
  private let model: String

  init() throws {
    workspace = try Workspace()
    model = try TrainedModel.workspace.get().file("run/model.safetensors")
  }

  private func symmetry(_ flags: [String]) throws -> Outcome {
    try workspace.convit(["symmetry", "--weights", model, "--data-path", "data"] + flags)
  }

  private func report(_ flags: [String]) throws -> SymmetryReport {
    let outcome = try symmetry(flags + ["--json"])
    try #require(outcome.status == 0, "\(outcome.err)")
    return try JSONDecoder().decode(SymmetryReport.self, from: Data(outcome.out.utf8))
  }

  @Test func allSubgroups() throws {
    let report = try report(["--output-dir", "out", "--layerwise"])
    #expect(report.images == 9 && report.groups.count == 9)
    #expect(report.groups.map(\.name).contains("transposes") && report.groups.last?.name == "d4")
    for group in report.groups {
      let labelled = try #require(group.labelled)
      #expect(labelled.orbit.identityError < 1e-5 && group.gain > 0)
      #expect(abs(labelled.realisedGain - labelled.bias - group.gain) < 1e-12)
      #expect(group.classes.map(\.name) == Workspace.classes)
    }
    #expect(report.layers?.map(\.kind) == ["gpsa", "mhsa"])
    let file = try JSONDecoder().decode(
      SymmetryReport.self, from: workspace.read("out/symmetry.json"))
    #expect(file.groups.map(\.gain) == report.groups.map(\.gain))
    // Where the numbers come from.
    #expect(file.layersGroup == "d4" && file.files == ["symmetry.svg"])
    #expect(
      file.origin
        == .init(weights: model, dataPath: "data", split: "val", sample: nil, seed: 0))
    let some = try self.report(["--sample", "5", "--seed", "3", "--group", "c2"])
    #expect(some.origin?.sample == 5 && some.origin?.seed == 3 && some.layersGroup == nil)
  }

  /// The same numbers whatever the threads and batches.
  @Test func batchesDoNotMatter() throws {
    let (one, other) = (
      try report(["--layerwise"]),
      try report(["--layerwise", "--threads", "1", "--batch-size", "2"])
    )
    for (a, b) in zip(one.groups, other.groups) { #expect(abs(a.gain - b.gain) < 1e-6) }
    for (a, b) in zip(one.layers ?? [], other.layers ?? []) {
      #expect(abs(a.error - b.error) < 1e-6 && abs(a.ownError - b.ownError) < 1e-6)
    }
  }

  /// What the table says of averaging is what `evaluate` measures.
  @Test func evaluateAgrees() throws {
    let report = try report(["--group", "c4"])
    let labelled = try #require(report.groups[0].labelled)
    let evaluate = ["evaluate", "--weights", model, "--data-path", "data", "--json"]
    func loss(_ flags: [String]) throws -> [Double] {
      struct Result: Decodable { let acc1, loss: Double }
      let outcome = try workspace.convit(evaluate + flags)
      let result = try JSONDecoder().decode(Result.self, from: Data(outcome.out.utf8))
      return [result.acc1, result.loss]
    }
    let (alone, averaged) = (try loss([]), try loss(["--average", "c4"]))
    #expect(abs(alone[0] - labelled.accuracy) < 1e-6 && abs(alone[1] - labelled.loss) < 1e-5)
    #expect(abs(averaged[0] - labelled.averagedAccuracy) < 1e-6)
    #expect(abs(averaged[1] - labelled.averagedLoss) < 1e-5 && averaged[1] != alone[1])
  }

  @Test func theTable() throws {
    let outcome = try symmetry(["--group", "flip", "--layerwise"])
    #expect(outcome.status == 0 && outcome.err.contains("9 images"))
    #expect(outcome.outLines[0].hasPrefix("group") && outcome.outLines[1].hasPrefix("hflip"))
    #expect(outcome.outLines[0].contains("realised") && outcome.outLines.count == 6)
    #expect(outcome.outLines[2] == "layers, averaged over hflip")
    #expect(outcome.outLines.allSatisfy { $0.count <= 100 }, "\(outcome.out)")
    let unlabelled = try symmetry(["--group", "flip", "--unlabelled"])
    #expect(!unlabelled.out.contains("realised") && unlabelled.outLines.count == 2)
    #expect(unlabelled.outLines[1] == String(outcome.outLines[1].prefix(41)))
  }

  /// A student that is the teacher has something to learn from its average: more of a larger one.
  @Test func aStudentOfAnAverage() throws {
    func loss(_ group: String) throws -> Double {
      struct Epoch: Decodable { let train_loss: Double }
      try workspace.train(
        group,
        [
          "--finetune", model, "--teacher-path", model, "--distill-average", group,
          "--distillation-alpha", "1", "--lr", "1e-9", "--warmup-lr", "1e-9", "--min-lr", "1e-9",
          "--drop-path", "0",
        ])
      let config = String(decoding: try workspace.read("\(group)/config.yaml"), as: UTF8.self)
      #expect(config.contains("distill-average: \(group)\n"))
      let log = try workspace.read("\(group)/log.jsonl").split(separator: 10)
      return try JSONDecoder().decode(Epoch.self, from: try #require(log.last)).train_loss
    }
    let (flip, all) = (try loss("hflip"), try loss("d4"))
    #expect(flip > 0 && all > 2 * flip)
  }

  /// `bench` measures what an average costs.
  @Test func costOfAnAverage() throws {
    struct Report: Decodable {
      struct Average: Decodable { let passes, peak_rss_mb_before, peak_rss_mb: Double }
      let average: Average
    }
    let outcome = try workspace.convit([
      "bench", "--mode", "inference", "--input-size", "32", "--batch-size", "2", "--steps", "1",
      "--average", "c4", "--json",
    ])
    try #require(outcome.status == 0, "\(outcome.err)")
    let costs = try JSONDecoder().decode(Report.self, from: Data(outcome.out.utf8)).average
    #expect(costs.passes > 1 && costs.peak_rss_mb >= costs.peak_rss_mb_before)
    try workspace.expectFailure(
      ["bench", "--mode", "inference", "--input-size", "32x48", "--average", "c4"], status: 2,
      ["c4 turns images by 90°, which 32 × 48 are not square for"])
  }

  @Test func badRequests() throws {
    let base = ["symmetry", "--weights", model, "--data-path", "data"]
    for (flags, part) in [
      (["--group", "c3"], "no group is called 'c3'; there are none, hflip"),
      (["--group", "c3"], "d4 and cyclic:K, and all for all subgroups of d4"),
      (["--group", "cyclic:1"], "cyclic:K has 2 to 64 steps"), (["--sample", "0"], "sample must"),
    ] { try workspace.expectFailure(base + flags, status: 2, [part]) }
    try workspace.expectFailure(
      base + ["--group", "cyclic:5"], status: 2,
      ["cyclic:5 shifts images by 1/5", "12 × 12 pixels are no multiple of 5"]
    )
    try workspace.expectFailure(
      base + ["--group", "cyclic:2", "--layerwise"], status: 2,
      ["cyclic:2 does not move whole patches: 3 × 3 patches of 4 pixels"])
    // As `evaluate` has it below.
    try workspace.expectFailure(
      base + ["--group", "c4", "--input-size", "12x8"], status: 2, ["12 × 8 are not square"],
      begun: true)
    for flags in [["--weights", model], ["--data-path=data"]] {
      try workspace.expectFailure(
        ["symmetry", "--linear-gap"] + flags, status: 2,
        ["closed form for linear models and takes no --", "leave out --linear-gap"])
    }
    let evaluate = ["evaluate", "--weights", model, "--data-path", "data", "--average"]
    try workspace.expectFailure(evaluate + ["d5"], status: 2, ["no group is called 'd5'"])
    try workspace.expectFailure(evaluate + ["cyclic:5"], status: 2, ["no multiple"])
    try workspace.expectFailure(
      evaluate + ["c4", "--input-size", "12x8", "--mask-pos-embed"], status: 2,
      ["12 × 8 are not square"], begun: true)
    try workspace.expectTrainFailure(
      ["--distill-average", "d4"], status: 2, ["distill-average needs teacher-path"])
    try workspace.expectTrainFailure(
      ["--teacher-path", model], status: 2,
      ["teacher-path has no effect with distillation-type none and without distill-average"])
    try workspace.expectTrainFailure(
      ["--distill-average", "x", "--teacher-path", model], status: 2,
      ["distill-average: no group is called 'x'"])
  }
}
