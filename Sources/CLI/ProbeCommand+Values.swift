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
      logits.npy, labels.npy, images.csv with the path, the answer and its probability of each \
      image, and values.json, which names all files: those of an earlier call into OUT are \
      removed. Places are

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
    struct Place: Encodable {
      let place, file: String
      let shape: [Int]
    }

    let weights, split: String
    let images: Int
    let arrays: [Place]
    /// All files, which the next call into the folder removes.
    var files: [String]

    func naming(_ files: [String]) -> Record {
      var record = self
      record.files = files
      return record
    }
  }

  func validate() throws {
    guard options.output.outputDir != nil else {
      throw ValidationError("output-dir is missing: where the arrays are written to")
    }
  }

  func run() throws {
    let saved = try options.model.load()
    let (pool, weights) = (options.model.threads.pool(), options.model.frozen(saved))
    let (model, path) = (try saved.transformer, options.output.outputDir ?? "")
    var (folder, arrays, answers): (ResultFolder?, [OpenArray], [Answer]) = (nil, [], [])
    defer { folder?.discard() }
    func array(_ place: String, row: [Int], of element: NPYWriter.Element) throws -> NPYWriter {
      if let array = arrays.first(where: { $0.place == place }) { return array.file }
      let made =
        try folder
        ?? ResultFolder(path, record: "values.json") {
          $0.hasSuffix(".npy") || $0 == "images.csv"
        }
      folder = made
      let file = try NPYWriter("\(made.staging)/\(place).npy", row: row, of: element)
      arrays.append(OpenArray(place: place, file: file))
      return file
    }
    func add(_ inputs: Tensor, labels: [Int], indices: [Int]) throws {
      var (logits, values) = model.values(matching: at, of: inputs, weights, on: pool)
      if at.contains("images") { values.append(("images", inputs)) }
      for pattern in at where !values.contains(where: { Taps([pattern]).contains($0.place) }) {
        throw ValidationError(
          "at: no place is called '\(pattern)'; places are as blocks.0.attn.map, "
            + "blocks.0.output; convit probe values --help has them")
      }
      for (place, value) in values + [("logits", logits)] {
        try array(place, row: Array(value.shape.sizes.dropFirst()), of: .float32)
          .append(value.elements)
      }
      try array("labels", row: [], of: .int64).append(labels)
      answers += Answer.all(logits, labels: labels, indices: indices)
    }
    let (images, samples) = try options.samples(for: saved)
    let count = try options.read(samples, of: images, by: saved, on: pool, "read") { batch in
      // A few at a time, as maps of many layers are large.
      for first in stride(from: 0, to: batch.count, by: 8) {
        let part = first..<min(first + 8, batch.count)
        try add(
          batch.inputs.sliced(0, part), labels: Array(batch.labels[part]),
          indices: Array(batch.indices[part]))
      }
    }
    guard let folder else { return }
    for array in arrays { try array.file.finish() }
    try folder.write(
      ClassificationReport.imageTable(answers, of: samples, name: saved.className),
      to: "images.csv")
    let record = Record(
      weights: options.model.file.weights, split: options.images.split, images: count,
      arrays: arrays.map {
        .init(place: $0.place, file: "\($0.place).npy", shape: [count] + $0.file.row)
      }, files: [])
    try folder.publish { try JSON.tableText(record.naming($0), isPretty: true) }
    if options.output.json { return try Terminal.result(JSON.tableText(record)) }
    let table =
      [["file", "shape"]]
      + record.arrays.map { array in
        ["\(path)/\(array.file)", array.shape.map(String.init).joined(separator: " × ")]
      } + [["\(path)/images.csv", "the answer for each image"]]
    try aligned(table, texts: [0, 1]).forEach(Terminal.result)
  }

  private struct OpenArray {
    let place: String
    let file: NPYWriter
  }
}
