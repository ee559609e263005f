import ArgumentParser
import Files
import Foundation
import Images
import Recipes
import Training

struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "Name what is on images.",
    discussion: "An image that cannot be read is reported; the others are predicted all the same.")

  @OptionGroup var model: ModelOptions
  @Option(help: .int("How many classes to name.")) var topk = 5
  @Flag(help: "Print one JSON object an image.") var json = false
  @Flag(help: "Give the logits as well.") var logits = false
  @OptionGroup var options: ImageOptions
  @Argument(help: "PNG, JPEG and WebP files.") var images: [String]

  func validate() throws {
    guard topk > 0 else { throw ValidationError("topk must be at least 1, found \(topk)") }
    guard !images.isEmpty else { throw ValidationError("no image is given") }
  }

  func run() throws {
    let (saved, pool) = (try model.load(), model.threads.pool())
    let classifier = try ImageClassifier(
      saved, reader: saved.imageReader(options.settings(), cropRatio: options.evalCropRatio),
      precision: model.precision, pool: pool)
    var failures = 0
    for start in stride(from: 0, to: images.count, by: 16 * pool.threads) {
      let part = Array(images[start..<min(start + 16 * pool.threads, images.count)])
      let results = classifier.classify(part, top: topk, withLogits: logits) { note in
        Terminal.write("note: \(note)\(ImageError.readAllTheSame)\n")
      }
      for result in results {
        switch result {
        case .success(let prediction): try show(prediction)
        case .failure(let error):
          failures += 1
          let hint = hint(for: error, command: "predict").map { " (\($0))" } ?? ""
          Terminal.error("\(error)\(hint)")
        }
      }
    }
    if failures > 0 { throw ExitCode.failure }
  }

  private func show(_ prediction: Prediction) throws {
    guard !json else { return try Terminal.result(JSON.text(prediction)) }
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
