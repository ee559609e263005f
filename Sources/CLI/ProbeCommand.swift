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
        convit probe knockout --weights W --data-path D --edges far --distance 2
        convit probe attribution --weights W --data-path D
        convit probe patching cat.jpg dog.jpg --weights W
        convit probe lens --weights W --data-path D
        convit probe values --weights W --data-path D --at 'blocks.*.attn.map' --output-dir out
        convit probe linear --weights W --data-path D --output-dir out
        convit probe cka --weights W --other W2 --data-path D
      """,
    subcommands: [
      AblationCommand.self, KnockoutCommand.self, AttributionCommand.self, PatchingCommand.self,
      LensCommand.self, LinearProbeCommand.self, CKACommand.self, ValuesCommand.self,
    ])
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
      guard options.output.outputDir != nil else { return }
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
    let csv =
      [["layer", "acc1", "loss", "same_answer"]]
      + exits.lines.map {
        ["\($0.layer)", "\($0.acc1)", CSV.cell($0.loss), "\($0.sameAnswer)"]
      }
    let shape = [model.blocks.count, images, model.configuration.classes]
    try options.output.show(
      "lens", record, table: table, texts: [], csv: csv,
      [
        OutputTensor(name: "logits", shape: shape, data: logits.flatMap(\.self)),
        OutputTensor(name: "labels", shape: [labels.count], integers: labels),
      ])
  }
}
