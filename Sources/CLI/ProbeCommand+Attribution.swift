import ArgumentParser
import Autodiff
import ConViT
import Files
import Images
import Probing
import Recipes
import Safetensors
import Training

struct AttributionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attribution", abstract: "Measure what each head and MLP adds to the logits.",
    discussion: """
      Direct logit attribution: what a part adds to the logit of an image's class, with the \
      deviations that the last normalisation divides by held. The column "class logit" is relative \
      to the mean over all classes, "margin" to the strongest other class; both are means over the \
      images, ± the standard error. The parts of a margin add up to that of the whole model, which \
      is above 0 where the answer is right. The file attribution.safetensors has both for each \
      image, [parts, images].

      It is what reaches the head directly. Parts in front of where a ConViT's class token joins \
      add exactly 0 where the head reads that token; convit probe ablation tells what depends on \
      them.
      """)

  @OptionGroup var options: ProbeOptions

  struct Record: Encodable {
    let weights, split: String
    let images: Int
    let parts: [AttributionSummary.Line]
  }

  func run() throws {
    let saved = try options.model.load()
    let (pool, weights) = (options.model.threads.pool(), options.model.frozen(saved))
    var summary = try usage { try AttributionSummary(of: saved.transformer) }
    var labels: [Int] = []
    let images = try options.read(saved, on: pool, "read") { batch in
      summary.add(batch.inputs, labels: batch.labels, weights, on: pool)
      labels += batch.labels
    }
    let lines = summary.lines
    let record = Record(
      weights: options.model.file.weights, split: options.images.split, images: images,
      parts: lines)
    let table =
      [["part", "class logit", "±", "margin", "±"]]
      + lines.map { line in
        let numbers = [line.classLogit, line.classLogitError, line.margin, line.marginError]
        return [line.part] + numbers.map { decimal($0, 3) }
      }
    let csv =
      [["part", "class_logit", "class_logit_error", "margin", "margin_error"]]
      + lines.map { line in
        let numbers = [line.classLogit, line.classLogitError, line.margin, line.marginError]
        return [CSV.cell(line.part)] + numbers.map(CSV.cell)
      }
    func tensor(_ name: String, _ values: [[Float]]) -> OutputTensor {
      OutputTensor(name: name, shape: [lines.count, images], data: values.flatMap(\.self))
    }
    try options.output.show(
      "attribution", record, table: table, csv: csv,
      [
        tensor("class_logit", summary.classLogits), tensor("margin", summary.margins),
        OutputTensor(name: "labels", shape: [labels.count], integers: labels),
      ], notes: ["parts": lines.map(\.part).joined(separator: ",")])
  }
}

struct PatchingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "patching", abstract: "Find where a model tells two images apart.",
    discussion: """
      Activation patching: values of the pass over one image, SOURCE, take the place of those of \
      the pass over the other, TARGET, at one place at a time. Numbers are the share of the \
      difference between the two logits that comes back, 0 as for TARGET and 1 as for SOURCE. The \
      logits are those of the two classes that the model names for the images. The table has the \
      most that a single patch brings back, its row and column; patching.csv has all of them, and \
      patching.safetensors as [layers, rows, columns].
      """)

  @OptionGroup var model: ModelOptions
  @Option(help: "Which values are patched: output, of a block; attention or mlp, what it adds.")
  var place = ActivationPatching.Place.output
  @OptionGroup var images: ImageOptions
  @OptionGroup var output: ProbeOutput
  @Argument(help: ArgumentHelp("The image whose values are put in.", valueName: "source"))
  var source: String
  @Argument(help: ArgumentHelp("The image whose values are replaced.", valueName: "target"))
  var target: String

  struct Record: Encodable {
    let weights, place, source, target, sourceClass, targetClass: String
    let sourceDifference, targetDifference: Float
    let layers: [ActivationPatching.Line]
  }

  func run() throws {
    try output.prepare()
    let saved = try model.load()
    let (pool, transformer) = (model.threads.pool(), try saved.transformer)
    let reader = try saved.imageReader(images.settings(), cropRatio: images.evalCropRatio)
    let (first, second) = (try read(source, by: reader), try read(target, by: reader))
    let patching = try usage {
      try ActivationPatching(
        from: first, to: second, of: transformer, model.frozen(saved), at: place
      ) { saved.className($0).printable(limit: 40) }
    }
    var (lines, terminal) = ([ActivationPatching.Line](), Terminal())
    for layer in transformer.blocks.indices {
      lines.append(patching.line(ofLayer: layer, on: pool))
      terminal.progress("layer \(layer + 1)/\(transformer.blocks.count)")
    }
    let record = Record(
      weights: model.file.weights, place: place.rawValue, source: source, target: target,
      sourceClass: saved.className(patching.classes.source),
      targetClass: saved.className(patching.classes.target),
      sourceDifference: patching.differences.source, targetDifference: patching.differences.target,
      layers: lines)
    let grid = transformer.configuration.grid
    let table =
      [["block", "all", "class token", "patches", "one patch", "row", "column"]]
      + lines.map { line in
        let best = line.patch.indices.max { line.patch[$0] < line.patch[$1] } ?? 0
        return [
          "\(line.layer)", decimal(line.all), line.frontTokens.map { decimal($0) } ?? "–",
          decimal(line.patches), decimal(line.patch[best]), "\(best / grid.columns)",
          "\(best % grid.columns)",
        ]
      }
    if !output.json {
      for (name, path, difference) in [
        ("source", source, patching.differences.source),
        ("target", target, patching.differences.target),
      ] {
        let answer = name == "source" ? record.sourceClass : record.targetClass
        try Terminal.result(
          "\(name)  \(path): \(answer.printable(limit: 40)), difference of logits "
            + decimal(Double(difference)))
      }
    }
    let csv =
      [["layer", "row", "column", "share"]]
      + lines.flatMap { line in
        line.patch.enumerated().map { place, share in
          ["\(line.layer)", "\(place / grid.columns)", "\(place % grid.columns)", "\(share)"]
        }
      }
    func tensor(_ name: String, _ value: (ActivationPatching.Line) -> Double?) -> OutputTensor {
      OutputTensor(name: name, shape: [lines.count], data: lines.map { Float(value($0) ?? .nan) })
    }
    try output.show(
      "patching", record, table: table, csv: csv,
      [
        OutputTensor(
          name: "patch", shape: [lines.count, grid.rows, grid.columns],
          data: lines.flatMap { $0.patch.map(Float.init) }),
        tensor("all", \.all), tensor("front_tokens", \.frontTokens), tensor("patches", \.patches),
      ])
  }

  private func read(_ path: String, by reader: ImageReader) throws -> Tensor {
    let batch = reader.normalization.tensor(try reader.image(at: path, noting: Terminal.note))
    return batch.reshaped(batch.shape.removing(0))
  }
}

extension ActivationPatching.Place: ExpressibleByArgument {}
