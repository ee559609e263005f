import Autodiff
import ConViT
import Foundation
import Pruning
import Testing

@testable import CLI

/// How much `convit prune` says is gone, of what.
@Suite struct PruneCountsTests {
  private let workspace: Workspace
  private let model: String

  init() throws {
    workspace = try Workspace()
    model = try TrainedModel.workspace.get().file("run/model.safetensors")
  }

  private func report(_ flags: [String]) throws -> (PruneReport, err: String) {
    try workspace.pruneReport(model, flags)
  }

  /// Of heads and units it is of all that could go, and not of the matrices that lose something:
  /// eight heads with 4 · 4 · 16 weights each, 128 units with 2 · 16.
  @Test(arguments: [
    ("heads", "0.25", 512, 2048), ("heads", "0.1", 256, 2048), ("heads", "0.01", 0, 2048),
    ("mlp", "0.25", 1024, 4096), ("both", "0.25", 1536, 6144),
  ])
  func ofHeadsAndUnits(kind: String, share: String, removed: Int, all: Int) throws {
    let (report, err) = try report([
      "--structured", kind, "--scope", "global", "--sparsity", share, "--output", "w",
    ])
    #expect(report.removed == removed && report.prunable == all)
    #expect(report.removedShare == Double(removed) / Double(all))
    #expect(err.contains("nothing is removed") == (removed == 0))
  }

  @Test func whatNoPlanKeepsIsSaid() throws {
    let (report, err) = try report([
      "--plan", "--eps", "1e-9", "--data-path", "data", "--output", "w",
    ])
    #expect(report.removed == 0)
    #expect(err.contains("nothing is removed: all that can go changes logits by more than 1e-09"))
  }

  /// What the training behind a checkpoint keeps at 0 is gone first here, too.
  @Test func aCheckpointHasItsMasks() throws {
    let half = try workspace.convit([
      "prune", "--weights", model, "--sparsity", "0.5", "--output", "half",
    ])
    try #require(half.status == 0, "\(half.err)")
    try workspace.train("again", ["--finetune", "half"])
    let outcome = try workspace.convit([
      "prune", "--weights", "again/checkpoint.safetensors", "--method", "random", "--sparsity",
      "0.6", "--output", "more",
    ])
    #expect(outcome.err.contains("50.0 % of its weights are pruned and stay 0"), "\(outcome.err)")
    let more = try SavedModel(contentsOf: workspace.file("more"))
    for layer in try #require(more.masks).layers {
      let zeros = try #require(more.weights[layer.name]).elements.count { $0 == 0 }
      #expect(zeros == layer.count - layer.kept)
      #expect(zeros == Int((0.6 * Double(layer.count)).rounded()))
    }
  }
}
