import Autodiff
import ConViT
import Foundation
import Pruning
import Testing

@testable import CLI

/// Every flag of `convit prune` does what it says, and nothing else.
@Suite struct PruneFlagTests {
  private let workspace: Workspace
  private let model: String

  init() throws {
    workspace = try Workspace()
    model = try TrainedModel.workspace.get().file("run/model.safetensors")
  }

  private func prune(_ flags: [String]) throws -> Outcome {
    try workspace.prune(model, flags)
  }

  /// What the command says without a file to write.
  private func report(_ flags: [String]) throws -> PruneReport {
    try workspace.pruneReport(model, ["--report-bound"] + flags).0
  }

  @Test func patchesAndHeads() throws {
    func names(_ flags: [String]) throws -> Set<String> {
      Set(try report(["--sparsity", "0.5"] + flags).layers.map(\.name))
    }
    let plain = try names([])
    #expect(try names(["--patch-embed"]).subtracting(plain) == ["patch_embed.proj.weight"])
    #expect(try names(["--head"]).subtracting(plain) == ["head.weight"])
  }

  /// Without flags, the smallest weights of each layer go; at random, those that the seed draws.
  @Test func methodScopeAndSeed() throws {
    let weights = try SavedModel(contentsOf: model).weights
    for (flags, rule) in [
      ([], PruningRule(.magnitude)), (["--scope", "global"], .init(.magnitude, scope: .global)),
      (["--method", "random"], .init(.random)),
      (["--method", "random", "--seed", "7"], .init(.random, seed: 7)),
    ] {
      _ = try prune(["--sparsity", "0.5", "--output", "w", "--force"] + flags)
      let masks = try #require(SavedModel(contentsOf: workspace.file("w")).masks)
      #expect(masks.jaccard(rule.masks(of: weights, sparsity: 0.5)) == 1, "\(flags)")
    }
  }

  /// How many images, which of them, and of which folder.
  @Test func images() throws {
    func gap(_ flags: [String]) throws -> PruneReport.Gap {
      let report = try report(["--sparsity", "0.5", "--data-path", "data"] + flags)
      return try #require(report.gap)
    }
    #expect(try gap(["--split", "train"]).images == 24)
    let three = try (0..<4).map { try gap(["--sample", "3", "--seed", "\($0)"]) }
    #expect(three.allSatisfy { $0.images == 3 } && Set(three.map(\.measured)).count > 1)
    let (plain, rounded) = (try gap([]), try gap(["--precision", "bf16"]))
    #expect(plain.measured != rounded.measured && plain.predicted != rounded.predicted)
    #expect(abs(plain.measured - rounded.measured) < 0.1 * plain.measured)
  }

  /// A folder without `val`, of which a part is held out to measure on as `convit train` does.
  @Test func heldOutImages() throws {
    let flags = ["--data-path", "data/train", "--val-fraction", "0.25", "--seed", "3"]
    let gap = try #require(report(["--sparsity", "0.5"] + flags).gap)
    #expect(gap.images == 6)
    let outcome = try workspace.convit(["evaluate", "--weights", model, "--json"] + flags)
    #expect(outcome.out.contains(String(format: #""acc1": %.9g,"#, gap.acc1)), "\(outcome.out)")
    // By another seed, other images are held out.
    let other = try #require(
      report(["--sparsity", "0.5"] + flags.dropLast() + ["4"]).gap)
    #expect(other.images == 6 && other.measured != gap.measured)
    // What is chosen by is the rest.
    _ = try prune(
      ["--sparsity", "0.5", "--method", "taylor", "--output", "w", "--sample", "100"] + flags)
  }

  /// Other images to choose by choose others.
  @Test func imagesToChooseBy() throws {
    let all = try (0..<4).map { seed in
      try report([
        "--sparsity", "0.5", "--method", "taylor", "--data-path", "data", "--sample", "3", "--seed",
        "\(seed)",
      ]).layers.map(\.relativeSize)
    }
    #expect(Set(all).count > 1)
  }

  /// Plans for heads and units are told by the gates, as a single share of them is; and all but
  /// one of each block may go.
  @Test func plansForHeadsAndUnits() throws {
    let flags = ["--structured", "mlp", "--data-path", "data"]
    let plan = try report(["--plan", "--eps", "0.2"] + flags)
    let last = try #require(plan.trials?.last)
    let single = try #require(report(["--sparsity", "\(last.sparsity)"] + flags).gap)
    #expect(last.predicted == single.predicted && last.measured == single.measured)
    #expect(last.predicted > 0)
    let all = try report(["--plan", "--eps", "1000"] + flags)
    #expect(all.sparsity == 1023.0 / 1024 && all.hiddenUnits == [1, 1])
  }

  /// A sweep that is killed has on the disk what it measured, and what one before it did; three
  /// random choices are made from the seed on.
  @Test func aSweepThatIsKilled() throws {
    let flags = ["--sweep", "--data-path", "data", "--output-dir", "out", "--seed", "7"]
    let sweep: PruningSweep = try Workspace.decoded(Data(try prune(flags + ["--json"]).out.utf8))
    #expect(Set(sweep.trials.compactMap(\.choice.seed)) == [7, 8, 9])
    var some = sweep
    some.trials = [try #require(sweep.trials.last)]
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    try workspace.write("out/sweep.json", try encoder.encode(some))
    func recorded() throws -> [PruningSweep.Trial] {
      let record: PruningSweep = try Workspace.decoded(workspace.read("out/sweep.json"))
      return record.trials
    }
    let outcome = try ConvitProcess.run(
      ["prune", "--weights", model] + flags, in: workspace.path,
      interruption: .init(isDue: { (try? recorded().first) == sweep.trials[0] }))
    #expect(outcome.status == 128 + SIGKILL)
    let trials = try recorded()
    #expect(trials.first == sweep.trials.first && trials.last == sweep.trials.last)
    #expect(trials.count > 1 && trials.count < sweep.trials.count)
    // What is no record is replaced where that is asked for.
    try workspace.write("out/sweep.json", "{}".utf8)
    _ = try ConvitProcess.run(
      ["prune", "--weights", model, "--force"] + flags, in: workspace.path,
      interruption: .init(isDue: { (try? recorded().first) == sweep.trials[0] }))
    #expect(try recorded().first == sweep.trials[0])
  }
}
