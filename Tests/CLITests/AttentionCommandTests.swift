import ArgumentParser
import ConViT
import Foundation
import Images
import Recipes
import Testing
import Training

@testable import CLI

/// Pictures of models, without starting a process.
@Suite struct AttentionCommandTests {
  static let tiny = [
    "--input-size", "8x12", "--patch-size", "4", "--heads", "4", "--head-dim", "4", "--depth", "3",
    "--local-up-to-layer", "1",
  ]

  /// What is wrong with a command line, and what its error must say.
  static let faults: [(arguments: [String], message: String)] = [
    (["a.png", "--layer", "3"], "there is no layer 3; there are 0 to 2"),
    (["a.png", "--layer", "1", "1"], "a layer is there twice"),
    (["a.png", "--head", "0", "4"], "there is no head 4; there are 0 to 3"),
    (
      ["a.png", "--query", "2,0"],
      "there is no patch 2,0; there are rows 0 to 1 and columns 0 to 2"
    ),
    (["a.png", "--query", "1"], "'1'"), (["a.png", "--query", "a,b"], "'a,b'"),
    (
      ["a.png", "--query", "class", "--layer", "0"],
      "layer 0 has no class token; layers 1 to 2 have"
    ),
    (
      ["--position", "--layer", "2"], "layer 2 has no positional attention; layer 0 has"
    ),
    (["--position", "--local-up-to-layer", "0"], "the model has no positional attention"),
    (["--position", "--query", "class"], "--query class has none"),
    (
      [
        "a.png", "--query", "class", "--local-up-to-layer", "0", "--model",
        "vit_wee_patch16_reg1_gap_256",
      ], "the model has no class token"
    ),
    (["--position", "--rollout"], "--position and --rollout do not go together"),
    ([], "no image or clip is given; --position, of a model of images, needs none"),
    (["a.png", "--locality-strength", "0"], "locality-strength must be positive"),
    (["a.png", "--heads", "0"], "heads must be at least 1, found 0"),
    (["a.png", "--threads", "0"], "threads must be 1 to 1024, found 0"),
    (["a.png", "--input-size", "1024", "--patch-size", "8"], "too large"),
  ]

  @Test(arguments: faults.indices) func whatThereIsNot(index: Int) throws {
    let (arguments, message) = Self.faults[index]
    let all = Workspace.flags(["--output-dir", "new"] + Self.tiny, replacedBy: arguments)
    let error = #expect(throws: (any Error).self) { try AttentionCommand.parse(all) }
    let said = error.map { AttentionCommand.message(for: $0) } ?? ""
    #expect(said.contains(message), "\(said)")
    #expect(error.map { AttentionCommand.exitCode(for: $0) } == .validationFailure)
  }

  @Test func flagsOfAModelThatIsThere() throws {
    for flag in ["heads", "head-dim", "depth", "local-up-to-layer", "locality-strength", "seed"] {
      let error = #expect(throws: (any Error).self) {
        try AttentionCommand.parse(
          ["a.png", "--output-dir", "new", "--weights", "w", "--\(flag)", "1"])
      }
      #expect(
        error.map { AttentionCommand.message(for: $0) }
          == "\(flag) is for the initialisation, not with --weights")
    }
  }

  @Test func filesOfAFigure() throws {
    let workspace = try Workspace()
    let image = workspace.file("data/val/ant/0.png")
    var command = try AttentionCommand.parse(
      [image, "--output-dir", workspace.file("out/deep"), "--head", "1", "2", "--rollout"]
        + Self.tiny)
    try command.run()
    let heads = (0..<3).flatMap { layer in
      ["head-1", "head-2", "rollout"].map { "layer-\(layer)-\($0).png" }
    }
    #expect(
      Set(try FileManager.default.contentsOfDirectory(atPath: workspace.file("out/deep")))
        == Set(heads + ["attention.svg", "attention.png", "query.png", "attention.json"]))
    // A call leaves nothing of the one before, which had more layers, a column more and a query.
    command = try AttentionCommand.parse(
      ["--position", "--output-dir", workspace.file("out/deep")] + Self.tiny)
    try workspace.write("out/deep/layer-notes.txt", "mine".utf8)
    try command.run()
    #expect(
      Set(try FileManager.default.contentsOfDirectory(atPath: workspace.file("out/deep")))
        == Set(
          (0..<4).map { "layer-0-head-\($0).png" }
            + ["attention.svg", "attention.png", "attention.json", "layer-notes.txt"]))
  }

  /// Pictures that the folder does not know as its own are not mixed with others, nor removed.
  @Test func picturesOfOthers() throws {
    let workspace = try Workspace()
    try workspace.write("out/layer-7-head-2.png", "mine".utf8)
    let before = try workspace.listing()
    let command = try AttentionCommand.parse(
      ["--position", "--output-dir", workspace.file("out")] + Self.tiny)
    let error = #expect(throws: TrainingError.self) { try command.run() }
    #expect(error?.message.contains("out/layer-7-head-2.png: attention.json does not") == true)
    #expect(try workspace.listing() == before)
  }

  @Test func scalesOfColours() throws {
    let workspace = try Workspace()
    let image = workspace.file("data/val/ant/0.png")
    func files(_ flags: [String]) throws -> (svg: String, png: Data) {
      let command = try AttentionCommand.parse(
        [image, "--output-dir", workspace.file("out"), "--layer", "0", "2"] + flags + Self.tiny)
      try command.run()
      let svg = String(decoding: try workspace.read("out/attention.svg"), as: UTF8.self)
      return (svg, try workspace.read("out/layer-2-head-0.png"))
    }
    let all = try [[], ["--scale", "cell"], ["--log"], ["--log", "--scale", "cell"]].map(files)
    #expect(Set(all.map(\.svg)).count == 4 && Set(all.map(\.png)).count == 4)
    #expect(try files(["--scale", "shared"]).png == all[0].png)
    let error = #expect(throws: (any Error).self) {
      try AttentionCommand.parse([image, "--output-dir", "new", "--scale", "even"])
    }
    let said = error.map { AttentionCommand.message(for: $0) } ?? ""
    #expect(said.contains("shared") && said.contains("cell"), "\(said)")
  }

  @Test func figuresOfOneCall() throws {
    let workspace = try Workspace()
    try workspace.write(
      "a/log.jsonl", "{\"epoch\":0,\"test_loss\":2,\"test_acc1\":10}\n".utf8)
    try workspace.write("b/log.jsonl", "{\"epoch\":0,\"test_acc1\":10}\n".utf8)
    func figures(_ run: String) throws -> Set<String> {
      try FiguresCommand.parse(["--output-dir", workspace.file("out"), workspace.file(run)]).run()
      return Set(try FileManager.default.contentsOfDirectory(atPath: workspace.file("out")))
    }
    #expect(try figures("a") == ["loss.svg", "accuracy.svg", "figures.json"])
    #expect(try figures("b") == ["accuracy.svg", "figures.json"])
  }

  /// A checkpoint is the model that was written beside it.
  @Test func checkpointsAreModels() throws {
    let workspace = try TrainedModel.workspace.get()
    let model = try SavedModel(contentsOf: workspace.file("run/model.safetensors"))
    let path = workspace.file("run/checkpoint.safetensors")
    let checkpoint = try SavedModel(weightsOrCheckpoint: path, as: .init())
    #expect(
      (try checkpoint.transformer).configuration.grid == (try model.transformer).configuration.grid)
    #expect(checkpoint.weights.values.map(\.elements) == model.weights.values.map(\.elements))
    #expect(checkpoint.classNames == ["ant", "bee", "cow"] && checkpoint.warnings == [])
    for (description, reason) in [
      (SavedModel.Description(name: "convit_small"), "model is convit_tiny, not convit_small"),
      (.init(imageHeight: 16, imageWidth: 16), "input-size is 12 × 12, not 16 × 16"),
      (.init(patchSize: 2), "patch-size is 4, not 2"),
    ] {
      let error = #expect(throws: TrainingError.self) {
        try SavedModel(weightsOrCheckpoint: path, as: description)
      }
      #expect(error?.message == "\(path): the checkpoint's \(reason)")
    }
    let output = NSTemporaryDirectory() + "attention-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: output) }
    let command = try AttentionCommand.parse([
      workspace.file("data/val/ant/0.png"), "--weights", path, "--output-dir", output,
      "--query", "class",
    ])
    try command.run()
    #expect(FileManager.default.fileExists(atPath: output + "/layer-1-head-3.png"))
    #expect(!FileManager.default.fileExists(atPath: output + "/layer-0-head-0.png"))
  }
}
