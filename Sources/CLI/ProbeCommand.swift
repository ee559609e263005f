import ArgumentParser
import Autodiff
import ConViT
import Files
import Foundation
import Images
import Probing
import Recipes
import Safetensors
import Training

struct ProbeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "probe", abstract: "Ask what the parts of a model do, on images.",
    discussion: """
      Numbers are printed, and with --output-dir written as JSON, CSV and safetensors, which \
      Python reads (safetensors.numpy.load_file).

        convit probe ablation --weights W --data-path D --with mean
        convit probe lens --weights W --data-path D
        convit probe linear --weights W --data-path D --output-dir out
        convit probe cka --weights W --other W2 --data-path D
      """,
    subcommands: [
      AblationCommand.self, LensCommand.self, LinearProbeCommand.self, CKACommand.self,
    ])
}

struct AblationCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ablation", abstract: "Measure the accuracy without each head and each MLP.",
    discussion: """
      What the part adds is replaced by zeros, or by its mean over the same images. The difference \
      to the whole model has a 95 % interval, image by image. Each image goes through the model \
      once for each part.
      """)

  enum Replacement: String, ExpressibleByArgument, CaseIterable { case zero, mean }

  @OptionGroup var options: ProbeOptions
  @Option(name: .customLong("with"), help: "What replaces a part: zero or mean.")
  var replacement = Replacement.zero

  struct Record: Encodable {
    let weights, split, with: String
    let images: Int
    let acc1: Double
    let loss: Double?
    let parts: [PartAblation.Line]
  }

  func run() throws {
    let saved = try options.model.load()
    let model = try saved.transformer
    let (pool, weights) = (options.model.threads.pool(), options.model.frozen(saved))
    var means: PartMeans?
    if replacement == .mean {
      var found = PartMeans(of: model)
      _ = try options.read(saved, on: pool, "means of") { found.add($0.inputs, weights, on: pool) }
      means = found
    }
    var ablation = PartAblation(of: model, weights, means: means)
    let images = try options.read(saved, on: pool, "measured") {
      ablation.add($0.inputs, labels: $0.labels, on: pool)
    }
    let (whole, lines) = (ablation.whole, ablation.lines)
    let record = Record(
      weights: options.model.file.weights, split: options.images.split, with: replacement.rawValue,
      images: images, acc1: whole.accuracy1, loss: whole.finiteLoss, parts: lines)
    let table =
      [["without", "Acc@1", "difference", "from", "to", "loss"]]
      + [["nothing", decimal(whole.accuracy1), "", "", "", decimal(whole.finiteLoss, 4)]]
      + lines.map {
        [$0.part, decimal($0.acc1), decimal($0.difference)]
          + $0.differenceInterval.map { decimal($0) } + [decimal($0.loss, 4)]
      }
    func tensor(_ name: String, _ value: (PartAblation.Line) -> Double?) -> OutputTensor {
      OutputTensor(name: name, shape: [lines.count], data: lines.map { Float(value($0) ?? .nan) })
    }
    try options.show(
      "ablation", record, table: table,
      [tensor("acc1", \.acc1), tensor("difference", \.difference), tensor("loss", \.loss)])
  }
}

struct LensCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lens", abstract: "Measure what the model would answer behind each block.",
    discussion: """
      The logit lens: the last normalisation and the head read the output of each block. Where a \
      block has no class token yet (ConViT's local blocks), they read the mean over the patches. \
      The file lens.safetensors has all logits, [blocks, images, classes], and the labels.
      """)

  @OptionGroup var options: ProbeOptions

  struct Record: Encodable {
    let weights, split: String
    let images: Int
    let blocks: [EarlyExits.Line]
  }

  func run() throws {
    let saved = try options.model.load()
    let (model, weights) = (try saved.transformer, options.model.frozen(saved))
    let pool = options.model.threads.pool()
    var (exits, labels) = (EarlyExits(of: model), [Int]())
    var logits: [[Float]] = model.blocks.map { _ in [] }
    let images = try options.read(saved, on: pool, "read") { batch in
      let found = exits.add(batch.inputs, labels: batch.labels, weights, on: pool)
      guard options.outputDir != nil else { return }
      labels += batch.labels
      for (block, values) in found.enumerated() { logits[block] += values.elements }
    }
    let record = Record(
      weights: options.model.file.weights, split: options.images.split, images: images,
      blocks: exits.lines)
    let table =
      [["block", "Acc@1", "loss", "same answer"]]
      + exits.lines.map {
        ["\($0.layer)", decimal($0.acc1), decimal($0.loss, 4), decimal($0.sameAnswer)]
      }
    let shape = [model.blocks.count, images, model.configuration.classes]
    try options.show(
      "lens", record, table: table, texts: [],
      [
        OutputTensor(name: "logits", shape: shape, data: logits.flatMap(\.self)),
        OutputTensor(name: "labels", shape: [labels.count], integers: labels),
      ])
  }
}
