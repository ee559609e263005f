import ArgumentParser
import Files
import Foundation
import Images
import Locality
import Recipes

struct LocalityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "locality",
    abstract: "Measure where a model's heads look, layer by layer.",
    discussion: """
      Each layer is measured on what it receives in the forward pass, over a sample of images or \
      clips with as many of each class as there can be. OUT gets locality.json and locality.csv. \
      Distances are in patches; of clips, also in frames.
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var images: FolderOptions
  @Option(help: .folder("The folder to write to.")) var outputDir: String
  @Option(help: .name("How many images or clips, or all.")) var sample = "1024"
  @Option(help: .int("What the sample depends on; the seed of a run, for the run's own."))
  var seed: UInt64 = 0
  @Flag(help: "Measure the first batch as the published code does, too.") var reference = false
  @OptionGroup(title: "Clips") var clips: ClipFrameOptions
  @OptionGroup(title: "Masks") var mask: MaskOptions
  @Flag(help: "Print locality.json on standard output, too, in one line.") var json = false

  func validate() throws { _ = try sampleCount(sample) }

  func run() throws {
    let loaded = try model.load(frames: clips.frames)
    let reader = try clips.reader(
      for: loaded, images.images.settings(), cropRatio: images.images.evalCropRatio)
    if let reader { return try run(loaded, reader) }
    let saved = try mask.applied(to: loaded)
    let folder = try images.folder(for: saved, seed: seed)
    let samples = folder.balancedSample(try sampleCount(sample), seed: seed)
    let output = try OutputFolder(outputDir)
    let pool = model.threads.pool()
    var (terminal, skipped) = (Terminal(), images.skipped(of: folder))
    let report = try images.evaluator(for: saved, on: pool).totalsAndLocality(
      saved.transformer, model.frozen(saved), on: samples, addsReference: reference, pool: pool,
      noting: { try skipped.note($0) { terminal.line("note: \($0)") } },
      progress: { terminal.progress("measured \($0)/\(samples.count)") }
    ).report
    if let note = skipped.remark { terminal.line("note: \(note)") }
    try output.write(JSON.text(report, isPretty: true) + "\n", to: "locality.json")
    try output.write(report.csv, to: "locality.csv")
    terminal.line("\(report.images) images; wrote \(outputDir)/locality.json and locality.csv")
    try Terminal.result(json ? JSON.text(report) : report.summary)
  }
}

extension LocalityReport {
  /// A line for each layer: means over the heads, and each head's gate.
  var summary: String {
    var lines = ["layer  kind  non-locality  entropy  gates"]
    for layer in layers {
      let entropy = layer.entropy.reduce(0, +) / Double(layer.entropy.count)
      let gates = layer.gate?.map { String(format: "%.2f", $0) }.joined(separator: " ") ?? "–"
      lines.append(
        String(format: "%5d  ", layer.layer) + layer.kind.rawValue
          + String(format: "  %12.4f  %7.4f  ", layer.meanNonlocality, entropy) + gates)
    }
    lines.append(
      String(format: "uniform attention   %.4f  (%.4f nats)", uniformNonlocality, maximalEntropy))
    return lines.joined(separator: "\n")
  }

  private var maximalEntropy: Double { log(Double(grid.reduce(1, *))) }
}
