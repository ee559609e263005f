import ArgumentParser
import ConViT
import Files
import Foundation
import Images
import Locality
import Recipes

extension LocalityCommand {
  /// Measures a model of clips.
  func run(_ saved: SavedModel, _ reader: ClipReader) throws {
    guard !reference, mask.isEmpty else {
      throw ValidationError("reference and masks are for models of images")
    }
    try saved.model(as: TimeSformer.self).configuration.checkMaps()
    let folder = try images.folder(for: saved, seed: seed)
    let samples = folder.balancedSample(try sampleCount(sample), seed: seed)
    let output = try OutputFolder(outputDir)
    let pool = model.threads.pool()
    var (terminal, skipped) = (Terminal(), images.skipped(of: folder))
    let report = try images.evaluator(for: saved, reader: reader, on: pool).clipLocality(
      saved.model(as: TimeSformer.self), model.frozen(saved), on: samples, pool: pool,
      noting: { try skipped.note($0) { terminal.line("note: \($0)") } },
      progress: { terminal.progress("measured \($0)/\(samples.count)") })
    if let note = skipped.remark { terminal.line("note: \(note)") }
    try output.write(JSON.text(report, isPretty: true) + "\n", to: "locality.json")
    try output.write(report.csv, to: "locality.csv")
    terminal.line("\(report.clips) clips; wrote \(outputDir)/locality.json and locality.csv")
    try Terminal.result(json ? JSON.text(report) : report.summary)
  }
}

extension ClipLocalityReport {
  /// A line for each attention of each layer: means over the heads, and each head's gate.
  var summary: String {
    func mean(_ values: [Double]?) -> String {
      values.map { String(format: "%.4f", $0.reduce(0, +) / Double($0.count)) } ?? "–"
    }
    func number(_ value: Double?) -> String { value.map { String(format: "%.4f", $0) } ?? "–" }
    var rows = [
      [
        "layer", "looks at", "kind", "frames away", "uniform", "non-locality", "uniform", "entropy",
        "gates",
      ]
    ]
    for layer in layers {
      for step in layer.steps {
        rows.append([
          "\(layer.layer)", step.reach, step.kind.rawValue, mean(step.frameDistance),
          number(step.uniformFrameDistance), mean(step.nonlocality),
          number(step.uniformNonlocality), mean(step.entropy),
          step.gate?.map { String(format: "%.2f", $0) }.joined(separator: " ") ?? "–",
        ])
      }
    }
    return aligned(rows, texts: [1, 2, 8]).joined(separator: "\n")
  }
}
