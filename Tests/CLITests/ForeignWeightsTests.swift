import Foundation
import Safetensors
import Testing

/// Weights from elsewhere, through each command that takes them.
@Suite struct ForeignWeightsTests {
  private let workspace: Workspace

  init() throws {
    workspace = try Workspace()
    let trained = try TrainedModel.workspace.get()
    for name in ["model", "best", "checkpoint"] {
      try workspace.write("run/\(name).safetensors", trained.read("run/\(name).safetensors"))
    }
  }

  /// The trained weights behind a prefix, with what averaging weights leaves.
  private func writePrefixed(_ name: String, _ prefix: String, metadata: Bool = true) throws {
    let file = try SafetensorsFile(contentsOf: workspace.file("run/model.safetensors"))
    let tensors = try file.tensors.map {
      OutputTensor(name: prefix + $0.name, shape: $0.shape, data: try file.floats($0.name))
    }
    try SafetensorsWriter.write(
      tensors + [OutputTensor(name: "n_averaged", shape: [], integers: [2])],
      metadata: metadata ? file.metadata : [:], to: workspace.file(name))
  }

  /// Runs a command with the plain weights and with the others: the same results, and notes.
  private func expectSame(_ command: (_ weights: String) -> [String]) throws {
    let plain = try workspace.convit(command("run/model.safetensors"))
    let prefixed = try workspace.convit(command("prefixed"))
    try #require(plain.status == 0 && prefixed.status == 0, "\(prefixed.err)")
    #expect(plain.out == prefixed.out && !plain.out.isEmpty)
    #expect(
      prefixed.err.hasPrefix(
        "note: prefixed: the prefix 'module._orig_mod.' of its names is dropped\n"
          + "note: prefixed: n_averaged is left, as it is no weight of a model\n"))
  }

  @Test func aPrefixIsDroppedByEveryCommand() throws {
    try writePrefixed("prefixed", "module._orig_mod.")
    let image = "data/val/ant/0.png"
    try expectSame { ["predict", "--weights", $0, "--json", "--logits", image] }
    try expectSame { ["evaluate", "--weights", $0, "--json", "--data-path", "data"] }
    try expectSame {
      ["locality", "--weights", $0, "--json", "--data-path", "data", "--output-dir", "out-\($0)"]
    }
    try expectSame { ["attention", image, "--weights", $0, "--output-dir", "out"] }
    let inspected = try workspace.convit(["inspect", "prefixed"])
    #expect(
      inspected.outLines.last == "prefix: module._orig_mod., dropped to load the weights")
    for own in ["run/model.safetensors", "run/checkpoint.safetensors"] {
      #expect(try !workspace.convit(["inspect", own]).out.contains("prefix: "))
    }
  }

  @Test func trainingStartsFromThem() throws {
    try writePrefixed("prefixed", "backbone.")
    for (run, weights) in [("plain", "run/model.safetensors"), ("other", "prefixed")] {
      let outcome = try workspace.train(run, ["--finetune", weights])
      #expect(outcome.err.contains("note: prefixed: the prefix 'backbone.'") == (run == "other"))
    }
    #expect(
      try workspace.read("plain/model.safetensors") == workspace.read("other/model.safetensors"))
    let distilled = try workspace.train(
      "distilled",
      ["--model", "deit_tiny_distilled_patch16_224", "--local-up-to-layer", "0"]
        + ["--distillation-type", "hard", "--teacher-path", "prefixed"])
    #expect(distilled.err.contains("note: prefixed: the prefix 'backbone.' of its names"))
  }

  /// Without a model the run takes that of the file, whether the file says it or its shapes do.
  @Test func theShapeIsTheFiles() throws {
    try writePrefixed("bare", "model.", metadata: false)
    let start = ["train", "--data-path", "data", "--batch-size", "4", "--epochs", "1"]
    for (run, weights) in [("said", "run/model.safetensors"), ("deduced", "bare")] {
      let outcome = try workspace.convit(
        start + ["--no-repeated-aug", "--output-dir", run, "--finetune", weights])
      #expect(outcome.status == 0)
      #expect(
        outcome.errLines.first
          == "note: no model is given, so it is that of \(weights): 2 blocks (1 GPSA), 4 heads of "
          + "4 features, patches of 4 pixels, images of 12")
      let config = String(decoding: try workspace.read("\(run)/config.yaml"), as: UTF8.self)
      for line in ["patch-size: 4", "depth: 2", "heads: 4", "head-dim: 4", "local-up-to-layer: 1"] {
        #expect(config.contains("\n\(line)\n"))
      }
    }
    #expect(
      try workspace.read("said/best.safetensors") == workspace.read("deduced/best.safetensors"))
    let larger = try workspace.convit(
      start + ["--no-repeated-aug", "--output-dir", "larger", "--finetune", "bare"]
        + ["--input-size", "16"])
    #expect(larger.errLines.first?.hasSuffix("images of 16") == true)
    #expect(larger.err.contains("position embedding resampled from 3 × 3 to 4 × 4 patches"))
  }

  /// A ConViT of no preset, in a file without metadata, through the commands that only read it.
  @Test func theShapesAreEnoughToUseAFile() throws {
    try writePrefixed("bare", "", metadata: false)
    let image = "data/val/ant/0.png"
    for command in [
      ["predict", "--json", "--logits", image], ["evaluate", "--json", "--data-path", "data"],
      ["locality", "--json", "--data-path", "data", "--output-dir", "l"],
      ["attention", image, "--output-dir", "a"],
    ] {
      let outcome = try workspace.convit(command + ["--weights", "bare"])
      #expect(outcome.status == 0, "\(outcome.err)")
      #expect(
        outcome.errLines.first
          == "note: bare: the file does not say which model it is; by its shapes it has 2 blocks "
          + "(1 GPSA), 4 heads of 4 features, patches of 4 pixels")
    }
  }

  /// A ViT of no preset, whose heads nothing tells: the flags of the message are the right ones.
  @Test func aViTNeedsItsHeads() throws {
    let flags = [
      "--model", "deit_tiny_patch16_224", "--depth", "3", "--patch-size", "6", "--heads", "2",
      "--head-dim", "8", "--local-up-to-layer", "0",
    ]
    try workspace.train("vit", flags)
    let file = try SafetensorsFile(contentsOf: workspace.file("vit/model.safetensors"))
    try SafetensorsWriter.write(
      try file.tensors.map {
        OutputTensor(name: $0.name, shape: $0.shape, data: try file.floats($0.name))
      }, to: workspace.file("bare"))
    let advice = [
      "bare: the file does not say which model it is, and its shapes do not tell how many heads",
      "--model deit_tiny_patch16_224 --depth 3 --patch-size 6 --heads H --head-dim D (H × D = 16)",
    ]
    let train = [
      "train", "--data-path", "data", "--input-size", "12", "--output-dir", "new", "--finetune",
    ]
    for asked in [[], ["--patch-size", "6"], ["--patch-size", "6", "--depth", "3"]] {
      try workspace.expectFailure(train + ["bare"] + asked, advice)
    }
    try workspace.expectFailure(["predict", "--weights", "bare", "data/val/ant/0.png"], advice)
    try workspace.train("told", flags + ["--finetune", "bare"])
  }

  @Test func aModelThatIsGivenIsCompared() throws {
    let train = ["train", "--data-path", "data", "--output-dir", "new", "--finetune"]
    let file = "run/model.safetensors"
    for (flags, difference) in [
      (["--model", "deit_tiny_patch16_224"], "is a ConViT, not deit_tiny_patch16_224 as asked"),
      (["--model", "convit_tiny"], "has embedding dimension 16, not 192 as asked"),
      (["--depth", "3"], "has depth 2, not 3 as asked"),
    ] {
      try workspace.expectFailure(
        train + [file] + flags, ["convit: \(file): the file's model \(difference)"])
    }
    try workspace.write("model.yaml", Array("model: deit_tiny_patch16_224\n".utf8))
    try workspace.expectFailure(
      train + [file, "--config", "model.yaml"], ["not deit_tiny_patch16_224 as asked"])
    try workspace.expectFailure(
      ["predict", "--weights", file, "--model", "deit_tiny_patch16_224", "data/val/ant/0.png"],
      ["is a ConViT, not deit_tiny_patch16_224 as asked; without that name (--model) it is read"])
  }

  @Test func aFolderStandsForItsWeights() throws {
    let image = "data/val/ant/0.png"
    let best = try workspace.convit([
      "predict", "--weights", "run/best.safetensors", "--json", image,
    ])
    for weights in ["run", "run/"] {
      let outcome = try workspace.convit(["predict", "--weights", weights, "--json", image])
      #expect(outcome.out == best.out && outcome.status == 0)
    }
    try workspace.expectFailure(
      ["predict", "--weights", "data", image],
      ["data: expected a safetensors file, found a directory"])
    try workspace.expectFailure(
      ["predict", "--weights", "https://example.org/w.safetensors", "data/val/ant/0.png"],
      status: 2,
      ["--weights: 'https://example.org/w.safetensors' is an address, and convit downloads nothing"]
    )
  }
}
