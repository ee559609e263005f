import ArgumentParser
import ConViT
import Files
import Foundation
import Images
import Recipes
import Report
import Symmetry
import Training

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure a model's accuracy on the val images or clips of a folder.",
    discussion: """
      --output-dir gets evaluation.html, a page that needs no other file: accuracy by class, the \
      confusion matrix and pictures of the mistakes that the model is most certain of; \
      evaluation.json, classes.csv and confusion.csv with the same; and images.csv with the answer \
      for each image.
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var images: FolderOptions
  @Option(.int("The seed of the run that held out --val-fraction. (default: 0)")) var seed: UInt64?
  @OptionGroup(title: "Clips") var views: ClipViewOptions
  @OptionGroup(title: "Masks") var mask: MaskOptions
  @Option(
    .name("Average probabilities over a group: hflip, c4, d4, cyclic:K; see convit symmetry."))
  var average: String?
  @Flag(help: "Print one JSON object.") var json = false
  @Flag(help: "Show accuracies by class, and what is taken for what; with --json, too.")
  var perClass = false
  @Option(.folder("The folder to write a page and tables to.")) var outputDir: String?
  @Option(.int("Mistakes that the page shows at most. (default: 48)")) var mistakes: Int?

  func validate() throws {
    if seed != nil && images.layout.valFraction == nil {
      throw ValidationError("seed is for --val-fraction")
    }
    if mistakes != nil && outputDir == nil {
      throw ValidationError("mistakes is for --output-dir")
    }
    try require("mistakes", mistakes, in: 0...10_000)
    _ = try usage { try average.map(ImageSymmetry.init(named:)) }
  }

  func run() throws {
    let saved = try mask.applied(to: model.load(frames: views.frames))
    let clips = try views.reader(
      for: saved, images.images.settings(), cropRatio: images.images.evalCropRatio)
    let folder = try images.folder(for: saved, seed: seed ?? 0)
    let classes = saved.architecture.outputCount ?? folder.classes.count
    // Without names, the folders stand for the classes in their order: all must be there.
    guard saved.classNames != nil || folder.classes.count == classes else {
      throw DatasetError(
        path: images.dataPath,
        reason: "\(counted(folder.classes.count, "class", "classes")) for a model of \(classes), "
          + "whose names are not known")
    }
    let output = try outputDir.map(OutputFolder.init)
    let pool = model.threads.pool()
    var (terminal, skipped) = (Terminal(), images.skipped(of: folder))
    let averaged = try averaged(saved.model)
    let asked = clips.map(averaged.averaged(over:)) ?? averaged
    let evaluator = try images.evaluator(for: saved, reader: clips, on: pool)
    let (totals, answers) = try evaluator.answers(
      asked, model.frozen(saved), on: folder.samples, pool: pool,
      noting: { try skipped.note($0) { terminal.line("note: \($0)") } },
      progress: { terminal.progress("evaluated \($0)/\(folder.samples.count)") })
    if let note = skipped.remark { terminal.line("note: \(note)") }
    if classes == 1 {
      terminal.line("note: the model has one class: any answer is right, and its accuracy 100 %")
    }
    func name(_ label: Int) -> String {
      label < folder.classes.count ? folder.classes[label] : saved.className(label)
    }
    var report = ClassificationReport(
      totals, answers, of: folder.samples, name: name, mistakes: mistakes ?? 48)
    report.average = try average.map { try ImageSymmetry(named: $0).name }
    report.mask = mask.record
    if let output {
      try write(report, to: output, try clips?.smallPicture ?? images.pictures(of: saved))
      try output.write(
        ClassificationReport.imageTable(answers, of: folder.samples, name: name), to: "images.csv")
      terminal.line("wrote \(outputDir ?? "")/evaluation.html, evaluation.json and tables")
    }
    if json {
      try Terminal.result(try line(report, skipped: skipped.count))
    } else {
      terminal.line(
        folder.kind.counted(totals.images) + (clips?.viewsText ?? "")
          + (report.average.map { ", probabilities averaged over \($0)" } ?? ""))
      if perClass { try EvaluationText(report: report).lines.forEach(Terminal.result) }
      try Terminal.result(
        String(
          format: "* Acc@1 %.3f Acc@5 %.3f loss %.3f", totals.accuracy1, totals.accuracy5,
          totals.meanLoss))
    }
  }

  private func averaged(_ model: any Model) throws -> any Model {
    guard let average else { return model }
    return try usage { try Averaged(model, over: ImageSymmetry(named: average)) }
  }

  /// The result as a JSON object in one line.
  private func line(_ report: ClassificationReport, skipped: Int) throws -> String {
    let bad = skipped > 0 ? #""bad_images": \#(skipped), "# : ""
    let how =
      try (report.average.map { #", "average": \#(try JSON.text($0))"# } ?? "")
      + (report.mask.map { #", "mask": \#(try JSON.text($0))"# } ?? "")
    let loss = report.loss.map { String(format: "%.9g", $0) } ?? "null"
    let parts =
      perClass
      ? #", "classes": \#(try JSON.text(report.classes)), "#
        + #""confusions": \#(try JSON.text(report.confusions))"# : ""
    return String(
      format: #"{"acc1": %.9g, "acc5": %.9g, "images": %d, "#, report.acc1, report.acc5,
      report.images) + bad + #""loss": \#(loss)\#(how)\#(parts)}"#
  }

  private func write(
    _ report: ClassificationReport, to output: OutputFolder, _ picture: (String) -> [UInt8]?
  ) throws {
    let page = EvaluationPage(
      title: model.file.weights, data: images.dataPath, report: try JSON.text(report),
      pictures: report.mistakes.map { picture($0.path) })
    try output.write(page.html, to: "evaluation.html")
    try output.write(try JSON.text(report, isPretty: true) + "\n", to: "evaluation.json")
    try output.write(report.classTable, to: "classes.csv")
    try output.write(report.confusionTable, to: "confusion.csv")
  }
}

extension MaskOptions {
  /// What a report says of it; nil if nothing is masked.
  fileprivate var record: ClassificationReport.Mask? {
    guard maskContent > 0 || maskPosition > 0 || maskPosEmbed else { return nil }
    return .init(content: maskContent, position: maskPosition, posEmbed: maskPosEmbed)
  }
}

extension FolderOptions {
  /// Makes small PNGs of images as the model sees them; nil for one that cannot be read any more.
  fileprivate func pictures(of saved: SavedModel) throws -> (String) -> [UInt8]? {
    try saved.imageReader(images.settings(), cropRatio: images.evalCropRatio).smallPicture
  }
}
