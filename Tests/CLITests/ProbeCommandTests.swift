import ConViT
import Foundation
import Safetensors
import Testing

@Suite struct ProbeCommandTests {
  private let workspace: Workspace
  private let base: [String]

  init() throws {
    workspace = try Workspace()
    let model = try TrainedModel.workspace.get().file("run/model.safetensors")
    base = ["--weights", model, "--data-path", "data", "--sample", "6", "--threads", "1"]
  }

  private func report(_ arguments: [String]) throws -> [String: Any] {
    let outcome = try workspace.convit(["probe"] + arguments + base + ["--json"])
    try #require(outcome.status == 0, "\(outcome.err)")
    return try #require(
      JSONSerialization.jsonObject(with: Data(outcome.out.utf8)) as? [String: Any])
  }

  /// The command's numbers are those of `convit evaluate` where nothing is taken away.
  @Test func partsAndBlocks() throws {
    let evaluated = try workspace.convit(
      ["evaluate", "--json"] + base.filter { $0 != "--sample" && $0 != "6" })
    let whole = try #require(
      JSONSerialization.jsonObject(with: Data(evaluated.out.utf8)) as? [String: Any])
    let zero = try report(["ablation", "--sample", "all"])
    #expect(zero["acc1"] as? Double == whole["acc1"] as? Double)
    let parts = try #require(zero["parts"] as? [[String: Any]])
    #expect(parts.count == 10 && parts[0]["part"] as? String == "blocks.0.attn.head.0")
    let mean = try report(["ablation", "--with", "mean"])
    #expect(mean["with"] as? String == "mean" && mean["images"] as? Int == 6)

    let lens = try report(["lens", "--output-dir", "out"])
    let blocks = try #require(lens["blocks"] as? [[String: Any]])
    #expect(blocks.count == 2 && blocks[1]["same_answer"] as? Double == 100)
    let file = try SafetensorsFile(contentsOf: workspace.file("out/lens.safetensors"))
    #expect(file.info("logits")?.shape == [2, 6, 3] && file.info("labels")?.shape == [6])
    #expect(
      try workspace.listing().isSuperset(of: ["out/lens.csv", "out/lens.json"]))
  }

  @Test func layers() throws {
    let linear = try report(["linear", "--fit-sample", "all", "--output-dir", "out"])
    let layers = try #require(linear["layers"] as? [[String: Any]])
    #expect(
      layers.map { $0["place"] as? String } == [
        "blocks.0.input", "blocks.0.output", "blocks.1.output",
      ])
    #expect(linear["fit_images"] as? Int == 24 && linear["tokens"] as? String == "patches")
    #expect(layers.allSatisfy { ($0["fit_acc1"] as? Double ?? 0) > 60 })
    let file = try SafetensorsFile(contentsOf: workspace.file("out/linear.safetensors"))
    #expect(file.info("blocks.1.output.weight")?.shape == [3, 16])

    let cka = try report(["cka", "--tokens", "token", "--other", base[1]])
    #expect(cka["rows"] as? [String] == ["blocks.1.output"])
    let own = try #require((cka["cka"] as? [[Double]])?.first?.first)
    #expect(abs(own - 1) < 1e-5)
    let table = try workspace.convit(["probe", "cka"] + base)
    #expect(table.outLines.count == 4 && table.outLines[1].hasPrefix("blocks.0.input "))
    #expect(table.outLines[1].split(separator: " ")[1] == "1.00", "\(table.out)")
  }

  @Test func badRequests() throws {
    for (arguments, message) in [
      (["cka"] + base.dropLast(4) + ["--sample", "3"], "cka needs 4 images, and sample is 3"),
      (["linear"] + base + ["--penalty", "0"], "penalty must be above 0, found 0.0"),
      (["linear"] + base + ["--fit-sample", "0"], "fit-sample must be a positive number or all"),
      (["lens"] + base.dropLast(4) + ["--sample", "some"], "sample must be a positive number"),
      (["ablation"] + base + ["--with", "noise"], "'noise'"),
    ] { try workspace.expectFailure(["probe"] + arguments, status: 2, [message]) }
  }
}
