import ArgumentParser
import Files
import Foundation
import Images
import Training

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Measure a model's accuracy on the val images of a folder.")

  @OptionGroup var model: ModelOptions
  @OptionGroup var images: FolderOptions
  @Option(help: .int("The seed of the run that held out --val-fraction. (default: 0)"))
  var seed: UInt64?
  @OptionGroup(title: "Masks") var mask: MaskOptions
  @Flag(help: "Print one JSON object.") var json = false

  func validate() throws {
    if seed != nil && images.layout.valFraction == nil {
      throw ValidationError("seed is for --val-fraction")
    }
  }

  func run() throws {
    let saved = try mask.applied(to: model.load())
    let folder = try images.folder(for: saved, seed: seed ?? 0)
    let classes = try saved.transformer.configuration.classes
    // Without names, the folders stand for the classes in their order: all must be there.
    guard saved.classNames != nil || folder.classes.count == classes else {
      throw DatasetError(
        path: images.dataPath,
        reason:
          "\(counted(folder.classes.count, "class", "classes")) for a model of \(classes), "
          + "whose names are not known"
      )
    }
    let pool = model.pool()
    var (terminal, skipped) = (Terminal(), images.skipped(of: folder))
    let totals = try images.evaluator(for: saved, on: pool)(
      saved.model, model.frozen(saved), on: folder.samples, pool: pool,
      noting: { try skipped.note($0) { terminal.line("note: \($0)") } },
      progress: { terminal.progress("evaluated \($0)/\(folder.samples.count)") })
    if classes == 1 {
      terminal.line("note: the model has one class: any answer is right, and its accuracy 100 %")
    }
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
