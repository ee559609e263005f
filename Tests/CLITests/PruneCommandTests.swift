import Autodiff
import ConViT
import Foundation
import Pruning
import Testing

@testable import CLI

/// `convit prune`, and what `convit inspect` says of its files.
@Suite struct PruneCommandTests {
  private let workspace: Workspace
  private let model: String

  init() throws {
    workspace = try Workspace()
    model = try TrainedModel.workspace.get().file("run/model.safetensors")
  }

  private func prune(_ flags: [String]) throws -> Outcome {
    try workspace.prune(model, flags)
  }

  private func report(_ flags: [String]) throws -> PruneReport {
    try workspace.pruneReport(model, flags).0
  }

  private func accuracy(_ weights: String) throws -> Double {
    struct Result: Decodable { let acc1: Double }
    let outcome = try workspace.convit(
      ["evaluate", "--weights", weights, "--data-path", "data", "--json"])
    try #require(outcome.status == 0, "\(outcome.err)")
    return try JSONDecoder().decode(Result.self, from: Data(outcome.out.utf8)).acc1
  }

  /// Zeros, exactly as many, and the masks of them; any command reads the file.
  @Test(arguments: [PruningMethod.magnitude, .random, .taylor], PruningRule.Scope.allCases)
  func zeros(_ method: PruningMethod, _ scope: PruningRule.Scope) throws {
    let report = try report(
      [
        "--sparsity", "0.4", "--method", method.rawValue, "--scope", scope.rawValue, "--output",
        "w",
      ] + (method == .taylor ? ["--data-path", "data"] : []))
    #expect(report.removed == Int((0.4 * Double(report.prunable)).rounded()) || scope == .layer)
    #expect(
      (report.gap == nil) == (method != .taylor) && report.parametersWritten == report.parameters)
    let saved = try SavedModel(contentsOf: workspace.file("w"))
    #expect(saved.warnings.isEmpty)
    let masks = try #require(saved.masks)
    #expect(masks.layers.map(\.name) == report.layers.map(\.name))
    for (layer, expected) in zip(masks.layers, report.layers) {
      #expect(layer.count - layer.kept == expected.removed)
      let zeros = try #require(saved.weights[layer.name]).elements.count { $0 == 0 }
      #expect(zeros == expected.removed)
    }
    #expect(try accuracy("w") >= 0)
  }

  /// Without the zeros, to the same answers.
  @Test func sparse() throws {
    _ = try prune(["--sparsity", "0.9", "--output", "dense"])
    _ = try prune(["--sparsity", "0.9", "--output", "sparse", "--sparse"])
    #expect(try workspace.read("sparse").count < workspace.read("dense").count * 7 / 10)
    let (dense, sparse) = (
      try SavedModel(contentsOf: workspace.file("dense")),
      try SavedModel(contentsOf: workspace.file("sparse"))
    )
    #expect(sparse.weights.values == dense.weights.values && sparse.warnings.isEmpty)
    #expect(sparse.masks?.layers == dense.masks?.layers)
    #expect(try accuracy("sparse") == accuracy("dense"))
    let inspected = try workspace.convit(["inspect", "sparse"])
    #expect(inspected.out.contains("90.0 % zero"))
    // Masks are bits, and no numbers of the model.
    let (masks, tensors) = (dense.masks?.layers.count ?? 0, dense.weights.values.count)
    let line =
      "\(tensors) tensors, \(dense.weights.tree.elementCount) numbers; \(masks) masks, a bit for "
      + "each weight"
    let stored = "\(masks) tensors are stored without what is pruned"
    #expect(inspected.outLines.contains(line) && inspected.outLines.contains(stored))
    let whole = try workspace.convit(["inspect", "dense"]).outLines
    #expect(whole.contains(line) && !whole.contains(stored))
  }

  /// What a file has pruned is gone first, whatever is chosen then, and the masks say so. One that
  /// is converted has them, too.
  @Test func again() throws {
    _ = try prune(["--sparsity", "0.5", "--sparse", "--output", "half"])
    let half = try #require(SavedModel(contentsOf: workspace.file("half")).masks)
    for (flags, share) in [
      (["--sparsity", "0.6", "--method", "random"], 0.6), (["--sparsity", "0.3"], 0.5),
    ] {
      let outcome = try workspace.convit(
        ["prune", "--weights", "half", "--output", "more", "--force"] + flags)
      #expect(outcome.err.contains("50.0 % of its weights are pruned and stay 0"))
      let more = try SavedModel(contentsOf: workspace.file("more"))
      let masks = try #require(more.masks)
      #expect(masks.intersection(half).layers == masks.layers)
      for layer in masks.layers {
        let zeros = try #require(more.weights[layer.name]).elements.count { $0 == 0 }
        #expect(zeros == layer.count - layer.kept)
        #expect(zeros == Int((share * Double(layer.count)).rounded()))
      }
    }
    let outcome = try workspace.convit(["convert", "half", "plain"])
    #expect(outcome.status == 0 && outcome.errLines.isEmpty, "\(outcome.err)")
    let plain = try SavedModel(contentsOf: workspace.file("plain"))
    #expect(plain.masks?.layers == half.layers && plain.masks?.jaccard(half) == 1)
  }

  @Test func gaps() throws {
    let output = ["--data-path", "data", "--output"]
    var last = 0.0
    for sparsity in ["0.1", "0.3", "0.6"] {
      let report = try report(["--sparsity", sparsity] + output + ["w\(sparsity)"])
      let gap = try #require(report.gap)
      #expect(gap.images == 9 && gap.measured > last)
      #expect(report.layers.allSatisfy { ($0.gap ?? 0) > 0 && $0.relativeSize > 0 })
      last = gap.measured
    }
    // A file's accuracy is the one that was told.
    let told = try #require(report(["--sparsity", "0.6"] + output + ["u"]).gap)
    #expect(abs(try accuracy("u") - told.acc1Pruned) < 1e-6)
    #expect(abs(try accuracy(model) - told.acc1) < 1e-6)
    let small = try #require(report(["--sparsity", "0.1"] + output + ["v"]).gap)
    #expect(abs(small.predicted / small.measured - 1) < 0.1)
  }

  @Test func plans() throws {
    let report = try report([
      "--plan", "--eps", "0.2", "--data-path", "data", "--output", "w", "--report-bound",
    ])
    let (last, gap) = (try #require(report.trials?.last), try #require(report.gap))
    #expect(last.measured <= 0.2 && last.measured == gap.measured)
    #expect(last.sparsity == report.sparsity && report.sparsity > 0.01)
    #expect(report.mlpBounds?.map(\.layer) == [0, 1])
    let (before, after) = (
      try SavedModel(contentsOf: model), try SavedModel(contentsOf: workspace.file("w"))
    )
    for layer in report.layers {
      let (whole, kept) = (
        try #require(before.weights[layer.name]), try #require(after.weights[layer.name])
      )
      let removed = Tensor(whole.shape, zip(whole.elements, kept.elements).map { $0 - $1 })
      for (told, matrix) in [
        (layer.removedNorm, removed), (layer.norm, whole), (layer.keptNorm, kept),
      ] {
        #expect(abs((told ?? .nan) / SpectralNorm.bound(of: matrix) - 1) < 1e-6)
      }
    }
    let lines = try prune(["--plan", "--eps", "0.2", "--data-path", "data"]).outLines
    #expect(lines.dropLast().last?.contains("predicted") == true)
    #expect(lines.last == String(format: "Acc@1 %.2f, before %.2f", gap.acc1Pruned, gap.acc1))
    #expect(lines.contains { $0.hasPrefix("tried sparsity") })
  }

  /// Really smaller: in parameters, bytes and every command.
  @Test func structured() throws {
    let report = try report([
      "--structured", "both", "--sparsity", "0.5", "--data-path", "data", "--output", "small",
    ])
    #expect(report.heads == [2, 2] && report.hiddenUnits == [32, 32])
    #expect((report.parametersWritten ?? .max) < 7 * report.parameters / 10)
    #expect(try accuracy("small") >= 0)
    let saved = try SavedModel(contentsOf: workspace.file("small"))
    #expect(saved.weights.tree.elementCount == report.parametersWritten)
    #expect(try saved.transformer.configuration.headDim == 4)
    let bench = try workspace.convit([
      "bench", "--mode", "inference", "--weights", "small", "--batch-size", "2", "--steps", "1",
    ])
    #expect(bench.status == 0 && bench.out.contains("small, inference, batch 2"), "\(bench.err)")
    try workspace.expectFailure(
      ["bench", "--weights", "small", "--model", "convit_tiny"], status: 2,
      ["--weights and --model do not go together"])
    // It trains on, predicts and exports.
    try workspace.train(
      "again",
      [
        "--finetune", "small", "--heads", "2", "--head-dim", "4", "--dim", "16",
        "--hidden-by-layer", "32", "32",
      ])
    let again = try SavedModel(contentsOf: workspace.file("again/model.safetensors"))
    #expect(again.weights.tree.elementCount == report.parametersWritten)
    #expect(again.weights.values != saved.weights.values)
    let exported = try workspace.convit(["export", "--weights", "small", "--onnx", "small.onnx"])
    #expect(exported.out.contains("\(saved.weights.tree.elementCount) parameters"))
    let answer = try workspace.convit(["predict", "--weights", "small", "data/val/ant/0.png"])
    #expect(answer.status == 0 && answer.outLines.count == 4)
  }

  /// Each method chooses heads and units by its own numbers; the fewest that may stay is one.
  @Test(arguments: PruningMethod.allCases) func structuredBy(_ method: PruningMethod) throws {
    let data = ["--data-path", "data", "--output"]
    let flags = ["--structured", "both", "--method", method.rawValue, "--sparsity"]
    let half = try report(flags + ["0.5", "--scope", "global"] + data + ["half"])
    #expect(half.method == method.rawValue && half.scope == "global")
    #expect(half.heads?.reduce(0, +) == 4 && half.hiddenUnits?.reduce(0, +) == 64)
    let least = try report(flags + ["0.99"] + data + ["least"])
    #expect(least.heads == [1, 1] && least.hiddenUnits == [1, 1])
    let told = try #require(half.gap).acc1Pruned
    #expect(abs(try accuracy("half") - told) < 1e-6)
  }

  /// All methods at all sparsities; stopped in between, the same command comes to the same files.
  @Test(arguments: [[], ["--structured", "mlp"]]) func sweep(_ structured: [String]) throws {
    let flags = ["--sweep", "--data-path", "data", "--seeds", "2"] + structured
    let outcome = try prune(flags + ["--output-dir", "out", "--json"])
    let sweep: PruningSweep = try Workspace.decoded(Data(outcome.out.utf8))
    // Magnitude, Taylor and gate, and random twice; of each layer and of all together.
    let ways = structured.isEmpty ? 2 * (2 + 2) : 2 * (3 + 2)
    #expect(sweep.trials.count == 11 * ways && Set(sweep.trials.map(\.choice)).count == 11 * ways)
    // Scopes and seeds are what they say: 0.5 of each layer and of all, 0.8 by two seeds.
    #expect(sweep.trials[5].measured != sweep.trials[16].measured)
    #expect(sweep.trials[38].measured != sweep.trials[39].measured)
    #expect(sweep.origin.images == 9 && sweep.curves.count == (structured.isEmpty ? 6 : 8))
    // What one prunes by hand.
    for index in [3, 38] {
      let trial = sweep.trials[index]
      let single = try report(
        structured + [
          "--method", trial.choice.method, "--scope", trial.choice.scope.rawValue, "--sparsity",
          "\(trial.choice.sparsity)", "--seed", "\(trial.choice.seed ?? 0)", "--data-path", "data",
          "--output", "w", "--force",
        ])
      let gap = try #require(single.gap)
      if trial.choice.seed ?? 0 == 0 {
        #expect(trial.measured == gap.measured && trial.predicted == gap.predicted)
        #expect(trial.acc1 == gap.acc1Pruned && sweep.origin.acc1 == gap.acc1)
      }
      #expect(trial.removed == single.removedShare)
    }
    let files = ["sweep.json", "sweep.csv", "sweep.html", "gaps.svg", "accuracies.svg"]
    let before = try files.map { try workspace.read("out/\($0)") }
    #expect(
      String(decoding: before[1], as: UTF8.self).split(separator: "\n").count == 11 * ways + 1)
    // As a start that was stopped leaves it: some trials, which another start takes as they are.
    var some = sweep
    some.trials = [sweep.trials[0], sweep.trials[40]]
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    try workspace.write("out/sweep.json", try encoder.encode(some))
    let table = try prune(flags + ["--output-dir", "out"]).outLines
    #expect(table.count == 11 * sweep.curves.count + 2)
    #expect(try files.map { try workspace.read("out/\($0)") } == before)
    try workspace.expectFailure(
      ["prune", "--weights", model] + flags + ["--output-dir", "out", "--seed", "5"],
      ["out/sweep.json: is of other weights, images or settings; --force replaces it"])
    // The images that methods choose by are others.
    try workspace.expectFailure(
      ["prune", "--weights", model] + flags + ["--output-dir", "out", "--train-split", "val"],
      ["out/sweep.json: is of other weights, images or settings; --force replaces it"])
    if structured.isEmpty {
      try workspace.expectFailure(
        ["prune", "--weights", model] + flags + ["--output-dir", "out", "--head"],
        ["is of other weights, images or settings"])
    }
    // What is recorded is not measured again.
    var record = try #require(
      try JSONSerialization.jsonObject(with: Data(before[0])) as? [String: Any])
    var trials = try #require(record["trials"] as? [[String: Any]])
    trials[0]["measured"] = 7.5
    record["trials"] = trials
    try workspace.write("out/sweep.json", JSONSerialization.data(withJSONObject: record))
    _ = try prune(flags + ["--output-dir", "out"])
    let lines = try String(decoding: workspace.read("out/sweep.csv"), as: UTF8.self)
      .split(separator: "\n")
    #expect(lines[1].contains(",7.5,"), "\(lines[1])")
    // Nor is it lost where less is asked for.
    let one = ["--sweep", "--data-path", "data", "--seeds", "1"] + structured
    _ = try prune(one + ["--output-dir", "out"])
    let rows = String(decoding: try workspace.read("out/sweep.csv"), as: UTF8.self)
      .split(separator: "\n")
    #expect(Set(rows) == Set(lines))
    try workspace.write("out/sweep.json", "{}".utf8)
    try workspace.expectFailure(
      ["prune", "--weights", model] + flags + ["--output-dir", "out"], ["is no sweep's record"])
  }

  @Test func inspect() throws {
    _ = try prune(["--sparsity", "0.9999", "--output", "none"])
    let empty = try workspace.convit(["inspect", "none"]).outLines
    let layer = try #require(empty.first { $0.hasPrefix("blocks.0.mlp.fc1.weight") })
    #expect(layer.hasSuffix("[64, 16]  empty"))
    #expect(empty.contains { $0.hasPrefix("sparsity: ") && $0.contains("empty: blocks.0.attn") })
    _ = try prune(["--sparsity", "0.5", "--output", "half"])
    let half = try workspace.convit(["inspect", "half"]).outLines
    #expect(half.contains { $0.hasPrefix("blocks.0.mlp.fc1") && $0.contains("50.0 % zero") })
    #expect(half.contains { $0.hasPrefix("mask.blocks.0.mlp.fc1.weight") })
    #expect(half.contains { $0.hasPrefix("sparsity: ") && $0.hasSuffix("empty: none") })
    // Rows of zeros alone.
    var some = try SavedModel(contentsOf: model)
    let slot = try #require(some.weights.tree.slot(named: "blocks.1.mlp.fc1.weight"))
    let numbers = some.weights.values[slot].elements.enumerated()
    some.weights[slot: slot] = Tensor([64, 16], numbers.map { $0 / 16 % 20 == 7 ? 0 : $1 })
    try some.write(to: workspace.file("some"))
    let dead = try workspace.convit(["inspect", "some"]).outLines
    #expect(dead.contains { $0.hasSuffix("4.7 % zero, 3 of 64 rows dead") })
    #expect(dead.contains { $0.hasSuffix("; 3 dead rows; empty: none") })
    let whole = try workspace.convit(["inspect", model]).out
    #expect(!whole.contains("sparsity") && !whole.contains("% zero"))
  }
}
