import ArgumentParser
import Autodiff
import ConViT
import Images
import Recipes
import Training

/// The images or clips that a pruned model is looked at on, if any are given.
struct PruningImages: ParsableArguments {
  @Option(.folder("The folder that has val/<class>/, or a file that lists images or clips."))
  var dataPath: String?
  @Option(help: .folder("The folder in it to measure on, or . for all of it.")) var split = "val"
  @Option(help: .int("How many images or clips.")) var sample = 256
  @OptionGroup var layout: LayoutOptions
  @OptionGroup var images: ImageOptions
  @OptionGroup(title: "Clips") var clips: ClipFrameOptions

  func validate() throws {
    try require("sample", sample, in: 1...1_000_000)
    guard dataPath == nil else { return try layout.validate(beside: split, mayTrain: true) }
    let ways = layout.given.merging(images.given) { $1 }.merging(clips.limits.given) { $1 }
    let given =
      [
        ("sample", sample != 256), ("split", split != "val"),
        ("frame-stride", clips.frameStride != nil),
        ("eval-placement", clips.evalPlacement != nil),
      ].first(where: \.1)?.0 ?? ways.keys.min()?.kebabCase
    if let given { throw ValidationError("--\(given) is about --data-path, which is missing") }
  }

  /// The examples as one batch; nil without a folder.
  func sample(
    for saved: SavedModel, split: String? = nil, seed: UInt64, _ threads: ThreadOptions
  ) throws -> Batch? {
    guard let dataPath else { return nil }
    var data = DataSettings()
    data.dataPath = dataPath
    layout.apply(to: &data)
    images.apply(to: &data)
    let reader: any ExampleReader =
      try clips.reader(for: saved, images.settings(), cropRatio: images.evalCropRatio)
      ?? saved.imageReader(images.settings(), cropRatio: images.evalCropRatio)
    let folder = try data.images(
      of: split ?? self.split, kind: saved.kind, classes: saved.classNames, seed: seed)
    for warning in folder.warnings { Terminal.write("note: \(warning)\n") }
    let evaluator = Evaluator(
      reader: reader, batchSize: reader.usualBatchSize,
      workers: threads.threads ?? WorkerPool.availableProcessors)
    let samples = folder.balancedSample(sample, seed: seed)
    var (batches, terminal, notes) = ([Batch](), Terminal(), SkippedImages(folder))
    try evaluator.batches(
      of: samples, noting: { try notes.note($0) { terminal.line("note: \($0)") } }
    ) {
      batches.append($0)
      let read = batches.reduce(0) { $0 + $1.count }
      terminal.progress("read \(read)/\(samples.count)")
    }
    terminal.clear()
    if let note = notes.remark { terminal.line("note: \(note)") }
    return Batch(
      inputs: .concatenated(batches.map(\.inputs), 0), labels: batches.flatMap(\.labels),
      indices: batches.flatMap(\.indices))
  }
}
