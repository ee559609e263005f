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

  @Test func edgesAndLogits() throws {
    let far = try report(["knockout", "--distance", "0", "--output-dir", "out"])
    #expect(far["edges"] as? String == "far" && far["distance"] as? Double == 0)
    let parts = try #require(far["parts"] as? [[String: Any]])
    #expect(
      parts.map { $0["part"] as? String } == ["blocks.0.attn", "blocks.1.attn", "all blocks"])
    let own = try report(["knockout", "--edges", "own", "--by", "head"])
    #expect((own["parts"] as? [Any])?.count == 9 && own["distance"] == nil)

    let added = try report(["attribution", "--output-dir", "out"])
    let lines = try #require(added["parts"] as? [[String: Any]])
    #expect(lines.first?["part"] as? String == "start" && lines.count == 14)
    let file = try SafetensorsFile(contentsOf: workspace.file("out/attribution.safetensors"))
    #expect(file.metadata["parts"]?.hasPrefix("start,blocks.0.attn.head.0,") == true)
    // What has no place to go is told before any image is read.
    try workspace.write("afile", [1])
    try workspace.expectFailure(
      ["probe", "ablation"] + base + ["--output-dir", "afile"],
      ["afile: cannot make the folder: a file has its name"])
    #expect(file.info("margin")?.shape == [14, 6] && file.info("labels")?.shape == [6])
    #expect(
      try workspace.listing().isSuperset(of: [
        "out/knockout.csv", "out/knockout.safetensors", "out/attribution.json",
      ]))
  }

  /// The bytes of a file as `numpy.save` writes it, and its shape as Python has it.
  private func array(_ name: String) throws -> (shape: String, bytes: [UInt8]) {
    let data = [UInt8](try workspace.read(name))
    try #require(Array(data[..<8]) == [0x93] + Array("NUMPY".utf8) + [1, 0])
    let length = Int(data[8]) + 256 * Int(data[9])
    let header = String(decoding: data[10..<10 + length], as: UTF8.self)
    #expect(header.hasSuffix("\n") && (10 + length).isMultiple(of: 64))
    let shape = try #require(header.firstMatch(of: /'shape': \((.*?)\)/)).1
    return (String(shape), Array(data[(10 + length)...]))
  }

  @Test func values() throws {
    let found = try report([
      "values", "--at", "blocks.*.attn.map", "blocks.1.output", "images", "--output-dir", "out",
    ])
    let files = try #require(found["arrays"] as? [[String: Any]])
    #expect(
      files.map { $0["place"] as? String } == [
        "blocks.0.attn.map", "blocks.1.attn.map", "blocks.1.output", "images", "logits", "labels",
      ])
    let shapes = ["6, 4, 9, 9,", "6, 4, 10, 10,", "6, 10, 16,", "6, 3, 12, 12,", "6, 3,", "6,"]
    for (file, shape) in zip(files, shapes) {
      let (found, bytes) = try array("out/" + (try #require(file["file"] as? String)))
      #expect(found == shape)
      let sizes = shape.split(separator: ",").compactMap {
        Int($0.dropFirst($0.first == " " ? 1 : 0))
      }
      #expect(bytes.count == sizes.reduce(1, *) * (file["place"] as? String == "labels" ? 8 : 4))
    }
    let maps = try array("out/blocks.1.attn.map.npy").bytes.withUnsafeBytes {
      Array($0.bindMemory(to: Float.self))
    }
    #expect((0..<240).allSatisfy { abs(maps[10 * $0..<10 * $0 + 10].reduce(0, +) - 1) < 1e-5 })
    // Logits and answers are those of `convit predict`.
    let rows = String(decoding: try workspace.read("out/images.csv"), as: UTF8.self)
      .split(separator: "\n").dropFirst().map {
        $0.split(separator: ",").map { $0.filter { $0 != "\"" } }
      }
    #expect(rows.count == 6)
    let logits = try array("out/logits.npy").bytes.withUnsafeBytes {
      Array($0.bindMemory(to: Float.self))
    }
    let predicted = try workspace.convit(
      ["predict", "--json", "--logits"] + base[..<2] + rows.map { $0[0] })
    for (index, line) in predicted.outLines.enumerated() {
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      let theirs = try #require(object?["logits"] as? [Double])
      #expect(
        zip(logits[3 * index..<3 * index + 3], theirs).allSatisfy { abs(Double($0) - $1) < 1e-5 })
      let first = (object?["top"] as? [[String: Any]])?.first?["class"] as? String
      #expect(first == rows[index][2] && rows[index][0].contains("/\(rows[index][1])/"))
    }
    // A second call into the folder leaves nothing of the first.
    _ = try report(["values", "--at", "blocks.0.output", "--sample", "3", "--output-dir", "out"])
    #expect(try array("out/blocks.0.output.npy").shape == "6, 9, 16,")
    let listing = try workspace.listing()
    #expect(!listing.contains("out/blocks.1.attn.map.npy") && listing.contains("out/values.json"))
    #expect(!listing.contains { $0.hasSuffix(".tmp") })
    try workspace.expectFailure(
      ["probe", "values"] + base + ["--at", "blocks.0.attn.mop", "--output-dir", "none"],
      status: 2,
      ["at: no place is called 'blocks.0.attn.mop'"])
    #expect(try !workspace.listing().contains { $0.hasPrefix("none/") })
    try workspace.expectFailure(["probe", "values"] + base, status: 2, ["output-dir is missing"])
  }

  @Test func patching() throws {
    let images = try workspace.listing().filter {
      $0.hasPrefix("data/val/") && $0.hasSuffix(".png")
    }.sorted()
    let model = Array(base[..<2])
    let predicted = try workspace.convit(["predict", "--json"] + model + images)
    let answers = try predicted.outLines.map { line in
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      return (object?["top"] as? [[String: Any]])?.first?["class"] as? String
    }
    let other = try #require(answers.firstIndex { $0 != answers[0] })
    let pair = [images[0], images[other]]
    let outcome = try workspace.convit(
      ["probe", "patching"] + pair + model + ["--json", "--output-dir", "out"])
    try #require(outcome.status == 0, "\(outcome.err)")
    let found = try #require(
      JSONSerialization.jsonObject(with: Data(outcome.out.utf8)) as? [String: Any])
    #expect(found["source_class"] as? String == answers[0])
    #expect(found["target_class"] as? String == answers[other])
    let layers = try #require(found["layers"] as? [[String: Any]])
    #expect(layers.count == 2 && abs((layers[1]["all"] as? Double ?? 0) - 1) < 1e-4)
    let file = try SafetensorsFile(contentsOf: workspace.file("out/patching.safetensors"))
    #expect(file.info("patch")?.shape.count == 3)
    let table = try workspace.convit(["probe", "patching"] + pair + model)
    #expect(table.outLines.count == 5 && table.outLines[0].hasPrefix("source  data/val/"))
    try workspace.expectFailure(
      ["probe", "patching", images[0], images[0]] + model, status: 2,
      ["the model names the same class", "for both images"])
    try workspace.expectFailure(
      ["probe", "patching", images[0], "none.png"] + model, status: 1, ["none.png"])
  }

  @Test func badRequests() throws {
    for (arguments, message) in [
      (["cka"] + base.dropLast(4) + ["--sample", "3"], "cka needs 4 images, and sample is 3"),
      (["linear"] + base + ["--penalty", "0"], "penalty must be above 0, found 0.0"),
      (["linear"] + base + ["--fit-sample", "0"], "fit-sample must be a positive number or all"),
      (["lens"] + base.dropLast(4) + ["--sample", "some"], "sample must be a positive number"),
      (["ablation"] + base + ["--with", "noise"], "'noise'"),
      (["knockout"] + base + ["--distance", "-1"], "distance must be 0 or more, found -1.0"),
      (
        ["knockout"] + base + ["--edges", "own", "--distance", "1"],
        "distance is for --edges near and far, not own"
      ),
      (
        ["knockout"] + base + ["--distance", "99"],
        "no layer of the model has edges far at distance 99"
      ),
    ] { try workspace.expectFailure(["probe"] + arguments, status: 2, [message]) }
  }
}
