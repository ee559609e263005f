import Foundation
import Testing

/// `convit export`; what is in its files is tested in `ONNXExportTests`.
@Suite struct ExportTests {
  private let workspace: Workspace
  private let good = ["export", "--weights", "model.safetensors"]

  init() throws {
    workspace = try Workspace()
    try workspace.write(
      "model.safetensors", TrainedModel.workspace.get().read("run/model.safetensors"))
  }

  @Test func aFileAndWhatIsSaidOfIt() throws {
    let outcome = try workspace.convit(good + ["--onnx", "any.onnx"])
    #expect(outcome.status == 0 && outcome.out.hasPrefix("any.onnx: "))
    #expect(
      outcome.out.hasSuffix(
        " parameters, opset 17, input \"images\" [N, 3, 12, 12], output \"logits\" [N, 3]\n"))
    #expect(try workspace.read("any.onnx").count > 10_000)
    let fixed = try workspace.convit(
      good + ["--onnx", "seven.onnx", "--batch", "7", "--input-size", "24"])
    #expect(fixed.out.contains("input \"images\" [7, 3, 24, 24], output \"logits\" [7, 3]"))
  }

  @Test func whatIsWrong() throws {
    try workspace.expectFailure(
      ["export", "--weights", "none", "--onnx", "x.onnx"], ["none: ", "No such file"])
    try workspace.expectFailure(
      good + ["--onnx", "data"], ["data: cannot replace a directory by a file"])
    try workspace.expectFailure(good + ["--onnx", "none/x.onnx"], ["none/x.onnx: cannot create"])
    try workspace.expectFailure(good, status: 2, ["--onnx"])
    for batch in ["0", "-3", "many"] {
      try workspace.expectFailure(
        good + ["--onnx", "x.onnx", "--batch=\(batch)"], status: 2, ["batch"])
    }
  }
}
