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
  @Option(help: .int("Images at a time.")) var batchSize = 64
  @Option(help: .int("Threads that read images. (default: as --threads)")) var numWorkers: Int?
  @OptionGroup var images: ImageOptions
  @Flag(help: "Print one JSON object.") var json = false

  func validate() throws {
    guard (1...1_000_000).contains(batchSize) else {
      throw ValidationError("batch-size must be 1 to 1000000, found \(batchSize)")
    }
    if let numWorkers, !(0...1024).contains(numWorkers) {
      throw ValidationError("num-workers must be 0 to 1024, found \(numWorkers)")
    }
  }

  func run() throws {
    let saved = try model.load()
    let folder = try ImageFolder(root: dataPath, split: split, classes: saved.classNames)
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
      decoder: try images.decoder(), size: saved.imageSize, batchSize: batchSize,
      workers: numWorkers ?? pool.threads)
    var terminal = Terminal()
    let totals = try evaluator(saved.model, saved.weights, on: folder.samples, pool: pool) { done in
      terminal.progress("evaluated \(done)/\(folder.samples.count)")
    }
    if json {
      let loss = totals.meanLoss.isFinite ? String(format: "%.9g", totals.meanLoss) : "null"
      try Terminal.result(
        String(
          format: #"{"acc1": %.9g, "acc5": %.9g, "images": %d, "#, totals.accuracy1,
          totals.accuracy5, totals.images) + #""loss": \#(loss)}"#)
    } else {
      terminal.line("\(totals.images) images")
      try Terminal.result(
        String(
          format: "* Acc@1 %.3f Acc@5 %.3f loss %.3f", totals.accuracy1, totals.accuracy5,
          totals.meanLoss))
    }
  }
}
