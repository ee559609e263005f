import ConViT
import Foundation
import Pruning
import Testing

@testable import CLI

/// `convit prune` of a model of clips.
@Suite struct PruneClipsTests {
  private let workspace: Workspace
  private let model = "run/model.safetensors"

  init() throws {
    workspace = try Workspace()
    try workspace.writeClips()
    let trained = try workspace.trainOnClips(["--epochs", "4", "--lr", "1e-2", "--unscale-lr"])
    try #require(trained.status == 0, "\(trained.err)")
  }

  private func report(_ flags: [String]) throws -> PruneReport {
    try workspace.pruneReport(model, ["--data-path", "clips"] + flags).0
  }

  private func accuracy(_ weights: String, _ flags: [String] = []) throws -> Double? {
    let outcome = try workspace.convit(
      ["evaluate", "--weights", weights, "--data-path", "clips", "--json"] + flags)
    return try outcome.out.firstMatch(of: /"acc1": ([0-9.]+)/).flatMap { Double($0.1) }
  }

  /// Of the attention in time as of that in space; accuracies are those of `convit evaluate`.
  @Test(arguments: [PruningMethod.magnitude, .taylor])
  func weights(_ method: PruningMethod) throws {
    let report = try report([
      "--sparsity", "0.5", "--method", method.rawValue, "--report-bound", "--output", "half",
    ])
    let names = report.layers.map(\.name)
    for part in ["temporal_attn.qkv", "temporal_attn.proj", "temporal_fc", "attn.qkv", "mlp.fc2"] {
      #expect(names.contains("blocks.0.\(part).weight"), "\(names)")
    }
    #expect(report.layers.allSatisfy { 2 * $0.removed == $0.rows * $0.columns })
    #expect(report.mlpBounds?.map(\.layer) == [0])
    let gap = try #require(report.gap)
    #expect(gap.images == 4 && gap.measured > 0 && gap.predicted > 0)
    #expect(try accuracy(model) == gap.acc1 && accuracy("half") == gap.acc1Pruned)
    let masks = try #require(SavedModel(contentsOf: workspace.file("half")).masks)
    #expect(masks.layers.map(\.name) == names)
  }

  /// Which frames are looked at is as `convit evaluate` says it.
  @Test func frames() throws {
    // Frames 0 and 3, 1 and 2, 0 and 1.
    let one = ["--frame-stride", "1"]
    let flags = [[], one, one + ["--eval-placement", "first"]]
    let gaps = try flags.map {
      try #require(report(["--sparsity", "0.5"] + $0).gap).measured
    }
    #expect(Set(gaps).count == 3, "\(gaps)")
    let outcome = try workspace.prune(
      model, ["--data-path", "clips", "--sparsity", "0.5", "--frames", "8"])
    #expect(
      outcome.err.contains("4 of the 4 clips that were read have fewer frames"), "\(outcome.err)")
  }

  @Test func plansAndSweeps() throws {
    let plan = try report(["--plan", "--eps", "0.2"])
    #expect(try #require(plan.trials?.last).measured <= 0.2 && plan.sparsity > 0)
    let outcome = try workspace.prune(
      model,
      ["--data-path", "clips", "--sweep", "--seeds", "1", "--output-dir", "out", "--json"])
    let sweep: PruningSweep = try Workspace.decoded(Data(outcome.out.utf8))
    #expect(sweep.origin.images == 4 && sweep.trials.count == 66)
  }

  @Test func headsAndUnitsAreOfImages() throws {
    try workspace.expectFailure(
      [
        "prune", "--weights", model, "--sparsity", "0.5", "--structured", "both", "--output", "w",
      ], status: 2, ["structured is for models of images, and the weights are of clips"])
  }
}
