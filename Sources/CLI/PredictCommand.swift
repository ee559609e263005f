import ArgumentParser
import Files
import Foundation
import Images
import Recipes
import Training

struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "Name what is on images, or in clips.",
    discussion: """
      What cannot be read is reported; the others are predicted all the same. With the weights of \
      a model of clips, an argument is a clip: an animated GIF or PNG, a video, or a folder of \
      frames.
      """)

  @OptionGroup var model: ModelOptions
  @Option(help: .int("How many classes to name.")) var topk = 5
  @Flag(help: "Print one JSON object an image.") var json = false
  @Flag(help: "Print a table as CSV, an image a row: path,class_1,probability_1,class_2,…")
  var csv = false
  @Flag(help: "Give the logits as well.") var logits = false
  @OptionGroup var options: ImageOptions
  @OptionGroup(title: "Clips") var views: ClipViewOptions
  @Argument(help: "PNG, JPEG and WebP files; or clips, folders of frames too.") var images: [String]

  func validate() throws {
    guard topk > 0 else { throw ValidationError("topk must be at least 1, found \(topk)") }
    guard !images.isEmpty else { throw ValidationError("no image is given") }
    guard !(json && csv) else { throw ValidationError("json and csv are two forms of one output") }
  }

  func run() throws {
    let (saved, pool) = (try model.load(frames: views.frames), model.threads.pool())
    let settings = try options.settings()
    let reader: any ExampleReader =
      try views.reader(for: saved, settings, cropRatio: options.evalCropRatio)
      ?? saved.imageReader(settings, cropRatio: options.evalCropRatio)
    let classifier = try ImageClassifier(
      saved, reader: reader, precision: model.precision, pool: pool)
    var failures = 0
    if csv { try Terminal.result(header(classes: saved.architecture.outputCount)) }
    let size = max(pool.threads, pool.threads * reader.usualBatchSize / 4)
    for start in stride(from: 0, to: images.count, by: size) {
      let part = Array(images[start..<min(start + size, images.count)])
      let results = classifier.classify(
        part, top: topk, withLogits: logits, noting: Terminal.note)
      for result in results {
        switch result {
        case .success(let prediction): try show(prediction)
        case .failure(let error):
          failures += 1
          let isOther = saved.kind == .images && (error as? ImageError)?.isOfClip == true
          let advice =
            isOther
            ? "a clip, and the weights are of a model of images"
            : hint(for: error, command: "predict")
          Terminal.error("\(error)\(advice.map { " (\($0))" } ?? "")")
        }
      }
    }
    if failures > 0 { throw ExitCode.failure }
  }

  /// The first line of a table as CSV.
  private func header(classes: Int?) -> String {
    let count = min(topk, classes ?? topk)
    let columns = (1...count).flatMap { ["class_\($0)", "probability_\($0)"] }
    return (["path"] + columns + (logits ? (0..<(classes ?? 0)).map { "logit_\($0)" } : []))
      .joined(separator: ",")
  }

  private func show(_ prediction: Prediction) throws {
    guard !json else { return try Terminal.result(JSON.text(prediction)) }
    guard !csv else {
      let cells = prediction.top.flatMap { [CSV.cell($0.class), "\($0.probability)"] }
      let rest = (prediction.logits ?? []).map { "\($0)" }
      return try Terminal.result(
        ([CSV.cell(prediction.path)] + cells + rest).joined(separator: ","))
    }
    var lines = [prediction.path]
    for candidate in prediction.top {
      let name = candidate.class.printable(limit: .max)
      lines.append(String(format: "  %6.2f %%  ", 100 * candidate.probability) + name)
    }
    if let logits = prediction.logits {
      lines.append("  logits  " + logits.map { "\($0)" }.joined(separator: " "))
    }
    try Terminal.result(lines.joined(separator: "\n"))
  }
}
