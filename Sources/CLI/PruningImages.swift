import ArgumentParser
import Autodiff
import ConViT
import Images
import Recipes
import Training

/// The images that a pruned model is looked at on, if any are given.
struct PruningImages: ParsableArguments {
  @Option(.folder("The folder that has val/<class>/, or a CSV file of images: to measure on."))
  var dataPath: String?
  @Option(help: .folder("The folder in it to measure on, or . for all of it.")) var split = "val"
  @Option(help: .int("How many images.")) var sample = 256
  @OptionGroup var images: ImageOptions

  func validate() throws {
    try require("sample", sample, in: 1...1_000_000)
    let given = [("sample", sample != 256), ("split", split != "val")]
    if dataPath == nil, let (flag, _) = given.first(where: \.1) {
      throw ValidationError("--\(flag) is about --data-path, which is missing")
    }
  }

  /// The images as one batch; nil without a folder.
  func sample(
    for saved: SavedModel, split: String? = nil, seed: UInt64, _ threads: ThreadOptions
  ) throws -> Batch? {
    guard let dataPath else { return nil }
    var data = DataSettings()
    data.dataPath = dataPath
    images.apply(to: &data)
    let folder = try data.images(of: split ?? self.split, classes: saved.classNames)
    for warning in folder.warnings { Terminal.write("note: \(warning)\n") }
    let evaluator = Evaluator(
      reader: try saved.imageReader(images.settings(), cropRatio: images.evalCropRatio),
      batchSize: 64, workers: threads.threads ?? WorkerPool.availableProcessors)
    var batches: [Batch] = []
    try evaluator.batches(of: folder.balancedSample(sample, seed: seed), noting: { _ in }) {
      batches.append($0)
    }
    return Batch(
      inputs: .concatenated(batches.map(\.inputs), 0), labels: batches.flatMap(\.labels),
      indices: batches.flatMap(\.indices))
  }
}
