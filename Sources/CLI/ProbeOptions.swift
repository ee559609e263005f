import ArgumentParser
import Autodiff
import ConViT
import Files
import Images
import Probing
import Recipes
import Safetensors
import Training

/// A model of images, the images to look at it on, and where results go.
struct ProbeOptions: ParsableArguments {
  @OptionGroup var model: ModelOptions
  @OptionGroup var images: FolderOptions
  @Option(help: .name("How many images of the split, the same number of each class, or all."))
  var sample = "1000"
  @Option(help: .int("What the sample depends on.")) var seed: UInt64 = 0
  @OptionGroup var output: ProbeOutput

  func validate() throws { _ = try sampleCount(sample) }

  /// Calls `body` with the images of a split, batch by batch, always in the same order; returns how
  /// many there were.
  ///
  /// - Parameter sample: as `--sample`, in the place of that.
  func read(
    _ saved: SavedModel, on pool: WorkerPool, split: String? = nil, sample: String? = nil,
    _ doing: String, _ body: (Batch) throws -> Void
  ) throws -> Int {
    try output.prepare()
    let (folder, samples) = try samples(for: saved, split: split, sample: sample)
    return try read(samples, of: folder, by: saved, on: pool, doing, body)
  }

  /// The folder of a split, and the images of it that are looked at.
  func samples(
    for saved: SavedModel, split: String? = nil, sample: String? = nil
  ) throws -> (folder: ImageFolder, samples: [Example]) {
    var images = images
    images.split = split ?? images.split
    let folder = try images.folder(for: saved, seed: seed)
    let classes = try saved.transformer.configuration.classes
    guard folder.classes.count <= classes else {
      throw ValidationError(
        "\(images.dataPath) has \(folder.classes.count) classes and the model \(classes)")
    }
    return (folder, folder.balancedSample(try sampleCount(sample ?? self.sample), seed: seed))
  }

  /// Calls `body` with some images of a folder; returns how many could be read.
  func read(
    _ samples: [Example], of folder: ImageFolder, by saved: SavedModel, on pool: WorkerPool,
    _ doing: String, _ body: (Batch) throws -> Void
  ) throws -> Int {
    var (terminal, skipped) = (Terminal(), images.skipped(of: folder))
    var done = 0
    try images.evaluator(for: saved, on: pool).batches(
      of: samples, needsSome: true,
      noting: { try skipped.note($0) { terminal.line("note: \($0)") } }
    ) { batch in
      try body(batch)
      done += batch.count
      terminal.progress("\(doing) \(done)/\(samples.count)")
    }
    return done
  }

  /// What the layers of a model make of the images of a split, as `read` reads them.
  func features(
    of saved: SavedModel, _ reading: LayerFeatures.Reading?, on pool: WorkerPool,
    split: String? = nil, sample: String? = nil, _ doing: String
  ) throws -> LayerFeatures {
    var features = LayerFeatures(of: try saved.transformer, reading: reading)
    let weights = model.frozen(saved)
    _ = try read(saved, on: pool, split: split, sample: sample, doing) {
      features.add($0.inputs, labels: $0.labels, weights, on: pool)
    }
    return features
  }
}

/// Where results go.
struct ProbeOutput: ParsableArguments {
  @Option(.folder("The folder to write the numbers to, as JSON, CSV and safetensors."))
  var outputDir: String?
  @Flag(help: "Print one JSON object.") var json = false

  /// Makes the folder, so that nobody waits for results that have no place.
  func prepare() throws {
    if let outputDir { _ = try OutputFolder(outputDir) }
  }

  /// Writes what was found to `--output-dir` and prints it.
  ///
  /// - Parameters:
  ///   - table: what is printed.
  ///   - csv: the same in full, each column under the name that it has in JSON.
  ///   - notes: further entries of the file of tensors.
  func show(
    _ name: String, _ record: some Encodable, table: [[String]], texts: Set<Int> = [0],
    csv: [[String]], _ tensors: [OutputTensor], notes: [String: String] = [:]
  ) throws {
    if let outputDir {
      let output = try OutputFolder(outputDir)
      try output.write(JSON.tableText(record, isPretty: true) + "\n", to: "\(name).json")
      try output.write(CSV.table(csv), to: "\(name).csv")
      try SafetensorsWriter.write(
        tensors, metadata: notes, to: "\(outputDir)/\(name).safetensors")
      var terminal = Terminal()
      terminal.line("wrote \(outputDir)/\(name).json, .csv and .safetensors")
    }
    if json { return try Terminal.result(JSON.tableText(record)) }
    try aligned(table, texts: texts).forEach(Terminal.result)
  }
}

/// The number that a flag says, as many as there are for "all".
func sampleCount(_ text: String, _ flag: String = "sample") throws -> Int {
  guard text != "all" else { return .max }
  guard let count = Int(text), count > 0 else {
    throw ValidationError("\(flag) must be a positive number or all, found \(text)")
  }
  return count
}

/// "12.3", "−0.5", and "nan" of nothing.
func decimal(_ value: Double?, _ places: Int = 2) -> String {
  guard let value else { return "nan" }
  let text = String(format: "%.\(places)f", value)
  return (Double(text) == 0 ? text.replacing("-", with: "") : text).replacing("-", with: "−")
}
