import Foundation
import Testing

/// From files to predictions, as a person would go.
@Suite struct TrainAndUseTests {
  @Test func fromIDXFilesToAPrediction() throws {
    let workspace = try Workspace()
    for (name, count) in [("train", 12), ("t10k", 6)] {
      let labels = (0..<count).map { UInt8($0 % 3) }
      let pixels: [UInt8] = (0..<144 * count).map { $0 % 144 / 48 == $0 / 144 % 3 ? 230 : 20 }
      try workspace.write(
        "idx/\(name)-images-idx3-ubyte",
        [0, 0, 8, 3, 0, 0, 0, UInt8(count), 0, 0, 0, 12, 0, 0, 0, 12] + pixels)
      try workspace.write(
        "idx/\(name)-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, UInt8(count)] + labels)
    }
    let arguments = ["dataset", "idx", "idx", "--output", "new/set", "--classes", "x", "y", "z"]
    let made = try workspace.convit(arguments)
    #expect((made.status, made.out, made.err) == (0, "", "new/set: 18 images written\n"))
    #expect(try workspace.convit(arguments).err == "new/set: all 18 images are there already\n")
    #expect(try workspace.listing().contains("new/set/train/y/00004.png"))

    let trained = try workspace.train("run", ["--data-path", "new/set"])
    #expect(trained.out.isEmpty && !trained.err.contains("\r"))
    #expect(trained.errLines.last?.hasPrefix("epoch 1/1  loss ") == true)
    let run = try workspace.listing().filter { $0.hasPrefix("run/") }
    #expect(
      run == [
        "run/config.yaml", "run/log.jsonl", "run/steps.jsonl", "run/model.safetensors",
        "run/best.safetensors", "run/checkpoint.safetensors",
      ])
    let prediction = try workspace.convit(
      ["predict", "--weights", "run/best.safetensors", "new/set/val/z/00002.png"])
    #expect(prediction.status == 0 && prediction.err.isEmpty)
    #expect(prediction.outLines.first == "new/set/val/z/00002.png")
    #expect(prediction.outLines.count == 4)
  }

  @Test func evaluatePrintsOneLine() throws {
    let workspace = try TrainedModel.workspace.get()
    let arguments = ["evaluate", "--weights", "run/model.safetensors", "--data-path", "data"]
    let text = try workspace.convit(arguments)
    #expect(text.status == 0 && text.err == "9 images\n")
    let pattern = /\* Acc@1 (\d+\.\d{3}) Acc@5 (\d+\.\d{3}) loss (\d+\.\d{3})\n/
    let match = try #require(try pattern.wholeMatch(in: text.out), "\(text.out)")
    struct Epoch: Decodable { let test_acc1, test_loss: Double }
    let log = try workspace.read("run/log.jsonl").split(separator: UInt8(ascii: "\n"))
    let last = try JSONDecoder().decode(Epoch.self, from: try #require(log.last))
    #expect(match.1 == String(format: "%.3f", last.test_acc1) && match.2 == "100.000")
    #expect(match.3 == String(format: "%.3f", last.test_loss))
    #expect(last.test_acc1 == 100, "the bright third is easy to learn")

    let json = try workspace.convit(arguments + ["--json"])
    struct Totals: Decodable { let acc1, acc5, loss: Double, images: Int }
    let totals = try JSONDecoder().decode(Totals.self, from: Data(json.out.utf8))
    #expect((totals.acc1, totals.acc5, totals.images) == (last.test_acc1, 100, 9))
    #expect(abs(totals.loss - last.test_loss) < 1e-6 && json.outLines.count == 1)
    #expect(json.status == 0 && json.err.isEmpty)
  }

  private struct Prediction: Decodable {
    struct Candidate: Decodable {
      let `class`: String, index: Int, probability: Double
    }
    let path: String, top: [Candidate], logits: [Double]?
  }

  @Test func predictionsAreThoseOfTheLogitsAndInOrder() throws {
    let workspace = try TrainedModel.workspace.get()
    let images = ["cow/1", "ant/2", "bee/0", "ant/0"].map { "data/val/\($0).png" }
    let outcome = try workspace.convit(
      ["predict", "--weights", "run/model.safetensors", "--json", "--logits", "--topk", "2"]
        + images)
    #expect(outcome.status == 0 && outcome.err.isEmpty)
    let predictions = try outcome.outLines.map {
      try JSONDecoder().decode(Prediction.self, from: Data($0.utf8))
    }
    #expect(predictions.map(\.path) == images)
    #expect(predictions.map { $0.top.first?.class } == ["cow", "ant", "bee", "ant"])
    for prediction in predictions {
      let exponentials = try #require(prediction.logits).map(exp)
      let probabilities = exponentials.map { $0 / exponentials.reduce(0, +) }
      #expect(probabilities.count == 3 && prediction.top.count == 2)
      for candidate in prediction.top {
        #expect(abs(candidate.probability - probabilities[candidate.index]) < 1e-6)
        #expect(candidate.class == Workspace.classes[candidate.index])
      }
      #expect(prediction.top[0].probability >= prediction.top[1].probability)
    }
    let keys = try #require(
      JSONSerialization.jsonObject(with: Data(outcome.outLines[0].utf8)) as? [String: Any])
    #expect(Set(keys.keys) == ["path", "top", "logits"])

    let plain = try workspace.convit(
      ["predict", "--weights", "run/model.safetensors", "--json", images[0]])
    #expect(!plain.out.contains("logits") && plain.out.contains(#""path":"data/val/cow/1.png""#))
  }

  @Test func predictionsAsText() throws {
    let workspace = try TrainedModel.workspace.get()
    let outcome = try workspace.convit(
      ["predict", "--weights", "run/model.safetensors", "--topk", "9", "--logits", "--model"]
        + ["convit_tiny", "data/val/bee/1.png"])
    #expect(outcome.status == 1 && outcome.err.contains("embedding dimension 16, not 192 as asked"))
    let text = try workspace.convit(
      ["predict", "--weights", "run/model.safetensors", "--topk", "9", "--logits"]
        + ["data/val/bee/1.png"])
    #expect(text.outLines.count == 5 && text.outLines[0] == "data/val/bee/1.png")
    #expect(text.outLines[1].wholeMatch(of: /\s+\d+\.\d\d %  bee/) != nil)
    #expect(text.outLines[4].wholeMatch(of: /\s+logits ( -?\d+(\.\d+)?(e-?\d+)?){3}/) != nil)
  }

  @Test func inspectAndModels() throws {
    let workspace = try TrainedModel.workspace.get()
    let inspected = try workspace.convit(["inspect", "run/model.safetensors"])
    #expect(inspected.status == 0 && inspected.err.isEmpty)
    #expect(inspected.out.contains(#"class_names: ["ant","bee","cow"]"#))
    #expect(inspected.out.contains(/blocks\.0\.attn\.gating_param +F32  \[4\]\n/))
    #expect(inspected.outLines.last?.wholeMatch(of: /34 tensors, \d+ numbers/) != nil)
    let graph = try workspace.convit(["inspect", "run/model.safetensors", "--graph"])
    #expect(graph.status == 0 && graph.err.isEmpty)
    #expect(graph.outLines[0].wholeMatch(of: /%\d+ = patches\(input\) \[1, \d+, \d+\]/) != nil)
    #expect(graph.out.contains(/= linear\(%\d+, head.weight, head.bias\) \[1, 3\], 48 mult/))
    #expect(graph.out.contains("shared blocks.0.attn.pos_proj.weight"))
    let work = graph.out.matches(of: /\], (\d+) multiply-adds\n/).compactMap { Int($0.1) }
    #expect(graph.outLines.last?.contains(" \(work.reduce(0, +)) multiply-adds an image (") == true)
    let saved = try workspace.convit(["inspect", "run/checkpoint.safetensors", "--graph"])
    #expect(saved.out == graph.out)
    let idle = try workspace.convit(["inspect", "run/model.safetensors", "--model", "convit_tiny"])
    #expect(idle.status == 2 && idle.err.contains("model is for --graph"))
    let models = try workspace.convit(["models"])
    #expect(models.status == 0 && models.err.isEmpty && models.outLines.count > 60)
    #expect(models.out.contains(/convit_tiny +5710512 +1\.25 +192 +4 +12 +10\n/))
  }

  @Test func theSameBitsForAnyNumberOfThreads() throws {
    let workspace = try Workspace()
    let arguments = ["--epochs", "4", "--lr", "1e-3", "--unscale-lr", "--log-every", "1"]
    for threads in ["1", "2"] {
      try workspace.train("run\(threads)", arguments + ["--threads", threads])
    }
    #expect(try workspace.read("run1/steps.jsonl").count { $0 == UInt8(ascii: "\n") } == 24)
    let weights = try workspace.read("run1/model.safetensors")
    #expect(try workspace.read("run2/model.safetensors") == weights)
    #expect(try workspace.read("run2/steps.jsonl") == workspace.read("run1/steps.jsonl"))
    try workspace.train("seed", arguments + ["--seed", "1"])
    #expect(try workspace.read("seed/model.safetensors") != weights)

    // A run's configuration makes the same run.
    let again = try workspace.convit(
      ["train", "--config", "run1/config.yaml", "--output-dir", "again"])
    #expect(again.status == 0, "\(again.err)")
    #expect(try workspace.read("again/model.safetensors") == weights)
  }

  @Test func aFlagOverridesAConfig() throws {
    let workspace = try Workspace()
    try workspace.write(
      "tiny.yaml",
      """
      data_path: data
      input-size: 12
      patch_size: 4
      heads: 4
      depth: 2
      epochs: 3
      warmup-epochs: 0
      no-repeated-aug: true
      batch-size: 8
      opt-betas: [0.8, 0.95]
      """.utf8)
    let outcome = try workspace.convit(
      ["train", "--config", "tiny.yaml", "--output_dir", "run", "--embed_dim", "5", "--epochs=1"])
    #expect(outcome.status == 0, "\(outcome.err)")
    #expect(outcome.err.contains("2 blocks, 1 of them GPSA, 4 heads of 5 features, 3 × 3 patches"))
    #expect(outcome.err.contains("1 epoch of 3 steps"))
    let written = String(decoding: try workspace.read("run/config.yaml"), as: UTF8.self)
    for line in ["epochs: 1", "head-dim: 5", "batch-size: 8", "- 0.95", "repeated-aug: false"] {
      #expect(written.split(separator: "\n").contains { $0 == line }, "\(line)")
    }
  }

  @Test func imagesNeedNotBeSquare() throws {
    let workspace = try Workspace()
    let trained = try workspace.train("run", ["--input-size", "8x12"])
    #expect(trained.err.contains("2 × 3 patches"))
    let evaluated = try workspace.convit(
      ["evaluate", "--weights", "run/model.safetensors", "--data-path", "data"])
    #expect(evaluated.status == 0 && evaluated.out.hasPrefix("* Acc@1 "))
    let predicted = try workspace.convit(
      ["predict", "--weights", "run/model.safetensors", "--input-size", "8x12", "--topk", "1"]
        + ["data/val/ant/0.png"])
    #expect(predicted.status == 0 && predicted.outLines.count == 2)
  }

  /// Weights for images of another size: the position embedding is resampled, and a note says so.
  @Test func imagesMayHaveAnotherSizeThanTheWeights() throws {
    let workspace = try Workspace()
    try workspace.train("run")
    let note = "run/model.safetensors: position embedding resampled from 3 × 3 to "
    let weights = ["--weights", "run/model.safetensors", "--input-size"]
    let evaluated = try workspace.convit(["evaluate", "--data-path", "data"] + weights + ["20"])
    #expect(evaluated.status == 0 && evaluated.errLines.first == "note: \(note)5 × 5 patches")
    let predicted = try workspace.convit(
      ["predict"] + weights + ["16x8", "--topk", "1", "data/val/ant/0.png"])
    #expect(predicted.status == 0 && predicted.errLines == ["note: \(note)4 × 2 patches"])
    let tuned = try workspace.train(
      "tuned", ["--finetune", "run/model.safetensors", "--input-size", "20", "--nb-classes", "5"])
    #expect(tuned.errLines.contains("note: \(note)5 × 5 patches"))
    #expect(tuned.err.contains("2 start anew (head.weight, head.bias)\n"))
  }

  @Test func aShortRunEndsItsWarmUp() throws {
    let workspace = try Workspace()
    for (epochs, warmup) in [("1", "0"), ("3", "0"), ("9", "2")] {
      try workspace.train("run\(epochs)", ["--epochs", epochs])
      let written = String(decoding: try workspace.read("run\(epochs)/config.yaml"), as: UTF8.self)
      #expect(written.contains("warmup-epochs: \(warmup)\n"))
    }
  }
}
