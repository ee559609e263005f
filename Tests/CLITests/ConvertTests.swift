import ConViT
import Foundation
import Safetensors
import Testing

/// `convit convert`, on files that a run wrote.
@Suite struct ConvertTests {
  private let workspace: Workspace

  init() throws {
    workspace = try Workspace()
    let trained = try TrainedModel.workspace.get()
    for name in ["run/model.safetensors", "run/best.safetensors"] {
      try workspace.write(name, trained.read(name))
    }
  }

  @Test func aFileOfOursStaysAsItIs() throws {
    let outcome = try workspace.convit([
      "convert", "run/model.safetensors", "converted.safetensors",
    ])
    #expect(outcome.status == 0 && outcome.err.isEmpty)
    #expect(outcome.out.hasPrefix("converted.safetensors: "))
    #expect(try workspace.read("converted.safetensors") == workspace.read("run/model.safetensors"))
    try workspace.expectFailure(
      ["convert", "run/model.safetensors", "converted.safetensors"],
      ["converted.safetensors: is there already; --force replaces it"])
    let again = try workspace.convit(["convert", "run", "converted.safetensors", "--force"])
    #expect(again.status == 0)
    #expect(try workspace.read("converted.safetensors") == workspace.read("run/best.safetensors"))
  }

  /// A name is not written over weights of another model.
  @Test func aModelThatItIsNot() throws {
    try workspace.expectFailure(
      ["convert", "run/model.safetensors", "out", "--model", "convit_tiny"],
      ["run/model.safetensors: the file's model has", "as asked"])
    let saved = try SavedModel(contentsOf: workspace.file("run/model.safetensors"))
    try SafetensorsWriter.write(saved.weights.outputTensors, to: workspace.file("bare"))
    try workspace.expectFailure(
      ["convert", "bare", "out", "--model", "deit_tiny_patch16_224"],
      ["bare: it is not of deit_tiny_patch16_224: it has", "width 16, not 192"])
  }

  /// What a file calls its tensors does not get to the terminal as it is.
  @Test func namesThatMoveTheCursor() throws {
    try SafetensorsWriter.write(
      [OutputTensor(name: "a\u{1b}[2Jb", shape: [1], data: [1])],
      metadata: ["k\u{1b}": "v\nw\u{7}"], to: workspace.file("bare"))
    let outcome = try workspace.convit(["inspect", "bare"])
    #expect(outcome.status == 0 && outcome.outLines.count == 3)
    #expect(!outcome.out.unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
    #expect(outcome.out.contains("1 tensor, 1 numbers") && outcome.out.contains("v\\nw"))
  }

  @Test func whatCannotBeConverted() throws {
    try workspace.expectFailure(
      ["convert", "missing", "out"], ["missing: cannot open: No such file"])
    try workspace.expectFailure(["convert", "data/val/ant/0.png", "out"], ["found a PNG image"])
    try workspace.expectFailure(
      ["convert", "run/model.safetensors", "out", "--key", "model"],
      ["run/model.safetensors: key is for PyTorch checkpoints; this is safetensors"])
    try workspace.expectFailure(
      ["convert", "run/model.safetensors", "out", "--prefix", "a."],
      ["run/model.safetensors: no model of it begins with 'a.'"])
    try workspace.expectFailure(
      ["convert", "run/model.safetensors", "out", "--model", "vit_tny"], status: 2,
      ["Did you mean"])
    #expect(!FileManager.default.fileExists(atPath: workspace.file("out")))
  }
}
