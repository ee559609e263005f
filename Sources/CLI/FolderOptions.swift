import ArgumentParser
import Autodiff
import ConViT
import Images
import Recipes
import Training

/// Which images of a folder a model is looked at on, and how they are read.
struct FolderOptions: ParsableArguments {
  @Option(help: .folder("The folder that has val/<class>/, or a file that lists images or clips."))
  var dataPath: String
  @Option(help: .folder("The folder in it to measure on, or . for all of it.")) var split = "val"
  @OptionGroup var layout: LayoutOptions
  @OptionGroup var reading: ReadingOptions
  @OptionGroup var bad: BadImageOptions
  @OptionGroup var images: ImageOptions

  func validate() throws {
    try usage { try data.validate() }
    try layout.validate(beside: split)
  }

  private var data: DataSettings {
    var data = DataSettings()
    data.dataPath = dataPath
    layout.apply(to: &data)
    bad.apply(to: &data)
    images.apply(to: &data)
    return data
  }

  /// The images; the seed is that of the run that held out `--val-fraction`.
  func folder(for saved: SavedModel, seed: UInt64) throws -> ImageFolder {
    try data.folder(of: split, for: saved, seed: seed)
  }

  /// The images, of which no class is asked.
  func unlabelled(seed: UInt64) throws -> ImageFolder {
    let folder = try data.unlabelledImages(of: split, seed: seed)
    for warning in folder.warnings { Terminal.write("note: \(warning)\n") }
    return folder
  }

  func skipped(of folder: ImageFolder) -> SkippedImages {
    SkippedImages(folder, maxBad: bad.maxBad?.value ?? DataSettings.defaultMaxBad)
  }

  /// - Parameter reader: of what the model takes, if it takes no images.
  func evaluator(
    for saved: SavedModel, reader: (any ExampleReader)? = nil, on pool: WorkerPool
  ) throws -> Evaluator {
    let reader =
      try reader ?? saved.imageReader(images.settings(), cropRatio: images.evalCropRatio)
    return Evaluator(
      reader: reader,
      batchSize: reading.batchSize ?? reader.usualBatchSize,
      workers: reading.numWorkers ?? pool.threads,
      badImages: data.onBadImage)
  }
}

/// How the images of a folder are read by commands that only look at them.
struct ReadingOptions: ParsableArguments {
  @Option(.int("Images or clips at a time. (default: 64 images, or as many as have 64 frames)"))
  var batchSize: Int?
  @Option(.int("Threads that read images. (default: as --threads)")) var numWorkers: Int?

  func validate() throws {
    try require("batch-size", batchSize, in: 1...1_000_000)
    try require("num-workers", numWorkers, in: 0...1024)
  }
}

extension ExampleReader {
  /// As many examples as are read together where nobody says how many: 64 images in all, whatever
  /// the frames and views of clips.
  var usualBatchSize: Int {
    max(1, 64 / shape.sizes.dropLast(3).reduce(1, *))
  }
}

extension DataSettings {
  /// The images or clips of a split for a model; the seed is that of the run that held out
  /// `--val-fraction`.
  ///
  /// Where the model's names are words and the folders' are not (ImageNet's `n01440764`), so that
  /// no folder has one of these names, the folders stand for the classes in their order.
  func folder(of split: String, for saved: SavedModel, seed: UInt64) throws -> ImageFolder {
    let folder: ImageFolder
    do {
      folder = try images(
        of: split, kind: saved.kind, classes: saved.classNames, seed: seed)
    } catch {
      guard let names = saved.classNames,
        let other = try? images(of: split, kind: saved.kind, classes: nil, seed: seed),
        other.classes.count == names.count, Set(other.classes).isDisjoint(with: names)
      else { throw error }
      let example =
        "'\(other.classes[0].printable(limit: 40))' for '\(names[0].printable(limit: 40))'"
      Terminal.write(
        "note: no folder is called as a class of the model is; they stand for the classes in their "
          + "order, \(example) and so on\n")
      folder = other
    }
    for warning in folder.warnings { Terminal.write("note: \(warning)\n") }
    return folder
  }
}
