import ArgumentParser
import Foundation
import Images
import Training

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Measure a model's accuracy on the val images of a folder.")

  @OptionGroup var model: ModelOptions
  @Option(help: .folder("The folder that has val/<class>/.")) var dataPath: String
  @Option(help: .folder("The folder in it to measure on.")) var split = "val"
  @OptionGroup var layout: LayoutOptions
  @Option(help: .int("The seed of the run that held out --val-fraction. (default: 0)"))
  var seed: UInt64?
  @OptionGroup(title: "Masks") var mask: MaskOptions
  @OptionGroup var reading: ReadingOptions
  @OptionGroup var bad: BadImageOptions
  @OptionGroup var images: ImageOptions
  @Flag(help: "Print one JSON object.") var json = false

  func validate() throws {
    if seed != nil && layout.valFraction == nil {
      throw ValidationError("seed is for --val-fraction")
    }
    try usage { try data.validate() }
  }

  private var data: DataSettings {
    var data = DataSettings()
    data.dataPath = dataPath
    layout.apply(to: &data)
    bad.apply(to: &data)
    images.apply(to: &data)
    return data
  }

  func run() throws {
    let saved = try mask.applied(to: model.load())
    let folder = try data.images(of: split, classes: saved.classNames, seed: seed ?? 0)
    let classes = saved.model.configuration.classes
    // Without names, the folders stand for the classes in their order: all must be there.
    guard saved.classNames != nil || folder.classes.count == classes else {
      throw DatasetError(
        path: dataPath,
        reason:
          "\(folder.classes.count) classes for a model of \(classes), whose names are not known")
    }
    for warning in folder.warnings { Terminal.write("note: \(warning)\n") }
    let pool = model.pool()
    let evaluator = Evaluator(
      decoder: try images.decoder(), size: saved.imageSize, batchSize: reading.batchSize,
      workers: reading.numWorkers ?? pool.threads, badImages: data.onBadImage)
    var terminal = Terminal()
    var skipped = SkippedImages(folder, maxBad: bad.maxBad ?? DataSettings.defaultMaxBad)
    let totals = try evaluator(
      saved.model, saved.weights, on: folder.samples, pool: pool,
      skipped: { try skipped.note($0) { terminal.line("note: \($0)") } },
      progress: { terminal.progress("evaluated \($0)/\(folder.samples.count)") })
    if json {
      let bad = skipped.count > 0 ? #""bad_images": \#(skipped.count), "# : ""
      let loss = totals.meanLoss.isFinite ? String(format: "%.9g", totals.meanLoss) : "null"
      try Terminal.result(
        String(
          format: #"{"acc1": %.9g, "acc5": %.9g, "images": %d, "#, totals.accuracy1,
          totals.accuracy5, totals.images) + bad + #""loss": \#(loss)}"#)
    } else {
      terminal.line("\(totals.images) images")
      try Terminal.result(
        String(
          format: "* Acc@1 %.3f Acc@5 %.3f loss %.3f", totals.accuracy1, totals.accuracy5,
          totals.meanLoss))
    }
  }
}
