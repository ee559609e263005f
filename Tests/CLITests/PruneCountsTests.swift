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

  /// Rounds take from what is pruned already, of which whole numbers of each matrix are gone, and
  /// the share is that of the weights that may go, here and in the log.
  @Test func roundsGoOnFromAFile() throws {
    let pruned = try report([
      "--sparsity", "0.7", "--head", "--patch-embed", "--output", "w",
    ]).0
    #expect(pruned.removedShare > 0.7)
    let outcome = try workspace.train("run", ["--finetune", "w", "--prune", "0.7"])
    struct Line: Decodable { let sparsity: Double }
    let log = String(decoding: try workspace.read("run/log.jsonl"), as: UTF8.self)
    let line = try JSONDecoder().decode(Line.self, from: Data(log.utf8))
    let masks = try #require(SavedModel(contentsOf: workspace.file("run/model.safetensors")).masks)
    #expect(line.sparsity == PruningRule(.magnitude).share(removedBy: masks))
    #expect(line.sparsity != masks.sparsity, "patches and heads count among these")
    let percent = String(format: "%.1f %%", 100 * line.sparsity)
    #expect(outcome.err.contains("round 1 of 1: \(percent) of the weights are pruned"))
    try workspace.expectFailure(
      Workspace.flags(
        ["train", "--data-path", "data", "--output-dir", "no"] + Workspace.tiny,
        replacedBy: ["--finetune", "w", "--prune", "0.6"])
        + ["--finetune", "w", "--prune", "0.6"],
      ["of its", "weights are pruned, which is more than prune, 0.6"], begun: true)
  }

  /// An image that cannot be read ends the command, or is left out.
  @Test func anImageThatCannotBeRead() throws {
    try workspace.write("data/val/ant/9.png", Array("no image".utf8))
    let flags = ["--sparsity", "0.5", "--data-path", "data"]
    try workspace.expectFailure(
      ["prune", "--weights", model] + flags, ["(--on-bad-image skip leaves it out)"])
    let skip = ["--on-bad-image", "skip", "--max-bad", "1"]
    let (report, err) = try report(flags + skip)
    #expect(report.gap?.images == 9 && err.contains("note: skipped: data/val/ant/9.png"))
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
    // What is inspected of a checkpoint is its model, and not what its optimiser remembers.
    func sparsity(_ file: String) throws -> String? {
      try workspace.convit(["inspect", file]).outLines.first { $0.hasPrefix("sparsity: ") }
    }
    #expect(try sparsity("again/checkpoint.safetensors") == sparsity("again/model.safetensors"))
    #expect(try sparsity("again/model.safetensors") != nil)
    let tree = try SavedModel(contentsOf: workspace.file("half")).weights.tree
    let line = "of its model: \(tree.names.count) tensors, \(tree.elementCount) numbers, whose"
    let inspected = try workspace.convit(["inspect", "again/checkpoint.safetensors"])
    #expect(inspected.outLines.contains { $0.hasPrefix(line) }, "\(inspected.out)")
    let more = try SavedModel(contentsOf: workspace.file("more"))
    for layer in try #require(more.masks).layers {
      let zeros = try #require(more.weights[layer.name]).elements.count { $0 == 0 }
      #expect(zeros == layer.count - layer.kept)
      #expect(zeros == Int((0.6 * Double(layer.count)).rounded()))
    }
  }
}
