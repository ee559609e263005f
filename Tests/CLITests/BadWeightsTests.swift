import Foundation
import Testing

/// Files that are not the weights of the model: exit code 1 from each command that takes them.
@Suite struct BadWeightsTests {
  private let workspace: Workspace

  init() throws { workspace = try Workspace() }

  private func expectFailures(_ weights: String, _ parts: [String]) throws {
    let parts = ["\(weights): "] + parts
    try workspace.expectFailure(["evaluate", "--weights", weights, "--data-path", "data"], parts)
    try workspace.expectFailure(["predict", "--weights", weights, "data/val/ant/0.png"], parts)
    try workspace.expectTrainFailure(["--finetune", weights], parts)
  }

  private func trained() throws -> Data {
    try TrainedModel.workspace.get().read("run/model.safetensors")
  }

  /// The file without its metadata.
  private func bare(_ file: Data) throws -> Data {
    let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    var header = try #require(
      JSONSerialization.jsonObject(with: file[8..<8 + length]) as? [String: Any])
    header["__metadata__"] = nil
    let json = try JSONSerialization.data(withJSONObject: header)
    return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) } + json
      + file[(8 + length)...]
  }

  @Test func notSafetensors() throws {
    try expectFailures("missing", ["cannot open: No such file or directory"])
    try expectFailures("data", ["expected a safetensors file, found a directory"])
    try workspace.write("empty", [])
    try expectFailures("empty", ["not a safetensors file: expected at least 8 bytes, found 0"])
    try workspace.write("zip.pth", Array("PK\u{3}\u{4}".utf8) + [UInt8](repeating: 9, count: 99))
    try expectFailures("zip.pth", ["found a zip archive", "is cut short; download it again"])
    try workspace.write("pickle.pth", [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 106])
    try expectFailures("pickle.pth", ["found a Python pickle", "save a state_dict()"])
    let file = try trained()
    for count in [7, 100, file.count / 2, file.count - 1] {
      try workspace.write("cut\(count)", file.prefix(count))
      try expectFailures("cut\(count)", [])
      try workspace.expectFailure(["inspect", "cut\(count)"], ["cut\(count): "])
    }
  }

  @Test func anotherModel() throws {
    try workspace.train("other", ["--depth", "3"])
    let start = "other/model.safetensors: the file's model has"
    for (flags, difference) in [
      ([], "depth 3, not 2 as asked"), (["--depth", "4"], "depth 3, not 4 as asked"),
      (["--depth", "3", "--head-dim", "8"], "embedding dimension 16, not 32 as asked"),
      (["--depth", "3", "--local-up-to-layer", "2"], "local_up_to_layer 1, not 2 as asked"),
      // No shape tells these two apart in a layer of plain self-attention.
      (["--depth", "3", "--heads", "8", "--head-dim", "2"], "heads 4, not 8 as asked"),
      (["--depth", "3", "--patch-size", "2"], "patch size 4, not 2 as asked"),
    ] {
      try workspace.expectTrainFailure(
        ["--finetune", "other/model.safetensors"] + flags, ["\(start) \(difference)"])
    }
    try workspace.write("bare", bare(workspace.read("other/model.safetensors")))
    try workspace.expectTrainFailure(
      ["--finetune", "bare"],
      [
        "bare: not weights of this model: the file has 3 blocks, not 2; ",
        "11 not of the model (blocks.2.",
      ])
    try workspace.expectTrainFailure(
      ["--finetune", "bare", "--depth", "3", "--head-dim", "8"],
      ["bare: not weights of this model: the file has width 16, not 32; "])
    let evaluate = ["evaluate", "--weights", "other/best.safetensors", "--data-path", "data"]
    try workspace.expectFailure(
      evaluate + ["--model", "deit_tiny_patch16_224"],
      ["other/best.safetensors: the file's model is a ConViT, not deit_tiny_patch16_224 as asked"])
    try workspace.expectFailure(
      evaluate + ["--input-size", "15"], ["the patch size 4 does not divide the image size 15 × 15"]
    )
    try workspace.expectFailure(evaluate + ["--patch-size", "2"], ["patch size 4, not 2 as asked"])
  }

  @Test func whatFitsOfAnotherModel() throws {
    try workspace.train("other", ["--depth", "3"])
    let finetune = ["--finetune", "other/model.safetensors"]
    let outcome = try workspace.train("part", finetune + ["--depth", "4", "--partial"])
    let notes = outcome.errLines.filter { $0.contains("other/model.safetensors") }
    #expect(notes.contains { $0.contains("the file's model has depth 3, not 4 as asked") })
    #expect(notes.contains { $0.contains("11 start anew (blocks.3.norm1.weight, ") })
    let fewer = try workspace.train("fewer", finetune + ["--depth", "2", "--partial"])
    #expect(fewer.err.contains("11 of the file not used (blocks.2.norm1.weight, "))
    try workspace.expectTrainFailure(
      ["--partial"], status: 2, ["partial is about a weights file: finetune is missing"])
  }

  @Test func aFileThatDoesNotSayWhatItIs() throws {
    try workspace.write("bare", bare(trained()))
    let predict = ["predict", "--weights", "bare", "data/val/ant/0.png"]
    try workspace.expectFailure(
      predict + ["--model", "convit_tiny"],
      ["bare: its patches are 4 × 4 pixels, not 16 × 16 (patch-size)"])
    try workspace.expectFailure(
      predict + ["--model", "convit_tiny", "--patch-size", "4", "--input-size", "12"],
      ["bare: not weights of this model: ", "cls_token [1, 1, 16] instead of [1, 1, 192]"])
    try workspace.expectFailure(
      predict + ["--model", "convit_tiny", "--patch-size", "15"],
      ["bare: the patch size 15 does not divide the image size 224 × 224"])
    // A run can start from it, as the flags say what it is.
    try workspace.train("run", ["--finetune", "bare"])
  }

  @Test func numbersThatAreNotFinite() throws {
    var file = try trained()
    file.replaceSubrange((file.count - 4)..., with: [0, 0, 0xc0, 0x7f])
    try workspace.write("nan", file)
    try workspace.expectTrainFailure(["--finetune", "nan"], ["nan: not all numbers are finite in"])
    let evaluated = try workspace.convit(
      ["evaluate", "--weights", "nan", "--data-path", "data", "--json"])
    #expect(evaluated.err.hasPrefix("note: nan: not all numbers are finite in "))
    #expect(throws: Never.self) {
      try JSONSerialization.jsonObject(with: Data(evaluated.out.utf8))
    }
    let predicted = try workspace.convit(
      ["predict", "--weights", "nan", "--json", "data/val/ant/0.png"])
    #expect(predicted.status == 1 && predicted.out.isEmpty)
    #expect(predicted.err.contains("convit: data/val/ant/0.png: the model's logits for it are"))
  }
}
