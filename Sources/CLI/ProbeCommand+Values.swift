import ArgumentParser
import Autodiff
import ConViT
import Files
import Foundation
import Probing
import Recipes
import Training

struct ValuesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "values", abstract: "Write values inside of a model for NumPy, image by image.",
    discussion: """
      Each place that matches a pattern of --at becomes OUT/<place>.npy, whose first axis has an \
      image each; numpy.load(…, mmap_mode="r") reads it without loading it. Beside them stand \
      logits.npy, labels.npy and images.csv with the path, the answer and its probability of each \
      image. Places are

        images                                     [images, channels, height, width], normalised
        blocks.3.input, blocks.3.output            [images, tokens, dim]
        blocks.3.attn.map                          [images, heads, tokens, tokens]
        blocks.3.attn.heads                        [images, tokens, heads · head dim]
        blocks.3.attn.added, blocks.3.mlp.added    [images, tokens, dim]
        blocks.3.mlp.fc1.output                    [images, tokens, hidden]

        convit probe values --weights W --data-path D --at 'blocks.*.attn.map' --output-dir out
      """)

  @OptionGroup var options: ProbeOptions
  @Option(
    parsing: .upToNextOption, help: .name("Places, or patterns of them as a shell's; none: logits.")
  )
  var at: [String] = []

  struct Record: Encodable {
    struct File: Encodable {
      let place, file: String
      let shape: [Int]
    }

    let weights, split: String
    let images: Int
    let files: [File]
  }

  func validate() throws {
    guard options.output.outputDir != nil else {
      throw ValidationError("output-dir is missing: where the arrays are written to")
    }
  }

  func run() throws {
    let saved = try options.model.load()
    let (pool, weights) = (options.model.threads.pool(), options.model.frozen(saved))
    let (model, folder) = (try saved.transformer, options.output.outputDir ?? "")
    var (files, order) = ([String: NPYWriter](), [String]())
    func file(_ place: String, row: [Int], of element: NPYWriter.Element) throws -> NPYWriter {
      if let file = files[place] { return file }
      _ = try OutputFolder(folder)
      let file = try NPYWriter("\(folder)/\(place).npy", row: row, of: element)
      files[place] = file
      order.append(place)
      return file
    }
    var answers: [Answer] = []
    let (images, samples) = try options.samples(for: saved)
    let count = try options.read(samples, of: images, by: saved, on: pool, "read") { batch in
      var (logits, values) = model.values(
        matching: at, of: batch.inputs, weights, on: pool)
      if at.contains("images") { values.append(("images", batch.inputs)) }
      for pattern in at where !values.contains(where: { Taps([pattern]).contains($0.place) }) {
        throw ValidationError(
          "at: no place is called '\(pattern)'; places are as blocks.0.attn.map, "
            + "blocks.0.output; see convit probe values --help")
      }
      for (place, value) in values + [("logits", logits)] {
        try file(place, row: Array(value.shape.sizes.dropFirst()), of: .float32)
          .append(value.elements)
      }
      try file("labels", row: [], of: .int64).append(batch.labels)
      answers += Answer.all(logits, labels: batch.labels, indices: batch.indices)
    }
    for file in files.values { try file.finish() }
    try OutputFolder(folder).write(
      ClassificationReport.imageTable(answers, of: samples, name: saved.className),
      to: "images.csv")
    let record = Record(
      weights: options.model.file.weights, split: options.images.split, images: count,
      files: order.map { place in
        .init(
          place: place, file: "\(folder)/\(place).npy",
          shape: [count] + (files[place]?.row ?? []))
      })
    if options.output.json { return try Terminal.result(JSON.tableText(record)) }
    let table =
      [["file", "shape"]]
      + record.files.map { [$0.file, $0.shape.map(String.init).joined(separator: " × ")] }
    try aligned(table, texts: [0, 1]).forEach(Terminal.result)
  }
}
