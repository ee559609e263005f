import Foundation
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
