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
  @OptionGroup var bad: BadImageOptions
  @OptionGroup var images: ImageOptions
  @OptionGroup(title: "Clips") var clips: ClipFrameOptions

  func validate() throws {
    try require("sample", sample, in: 1...1_000_000)
    guard dataPath == nil else {
      try usage { try data.validate() }
      return
    }
    let ways = [layout.given, bad.given, images.given, clips.limits.given].flatMap(\.keys)
    let given =
      [
        ("sample", sample != 256), ("split", split != "val"),
        ("frame-stride", clips.frameStride != nil),
        ("eval-placement", clips.evalPlacement != nil),
      ].first(where: \.1)?.0 ?? ways.min()?.kebabCase
    if let given { throw ValidationError("--\(given) is about --data-path, which is missing") }
  }

  private var data: DataSettings {
    var data = DataSettings()
    data.dataPath = dataPath
    layout.apply(to: &data)
    bad.apply(to: &data)
    images.apply(to: &data)
    return data
  }

  /// The examples as one batch; nil without a folder.
  func sample(
    for saved: SavedModel, split: String? = nil, seed: UInt64, _ threads: ThreadOptions
  ) throws -> Batch? {
    guard dataPath != nil else { return nil }
    let reader: any ExampleReader =
      try clips.reader(for: saved, images.settings(), cropRatio: images.evalCropRatio)
      ?? saved.imageReader(images.settings(), cropRatio: images.evalCropRatio)
    let folder = try data.folder(of: split ?? self.split, for: saved, seed: seed)
    let evaluator = Evaluator(
      reader: reader, batchSize: reader.usualBatchSize,
      workers: threads.threads ?? WorkerPool.availableProcessors, badImages: data.onBadImage)
    let samples = folder.balancedSample(sample, seed: seed)
    var notes = SkippedImages(folder, maxBad: data.maxBad ?? DataSettings.defaultMaxBad)
    var (batches, terminal) = ([Batch](), Terminal())
    try evaluator.batches(
      of: samples, needsSome: true, noting: { try notes.note($0) { terminal.line("note: \($0)") } }
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
