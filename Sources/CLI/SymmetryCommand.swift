import ArgumentParser
import Autodiff
import ConViT
import Files
import Foundation
import Images
import Recipes
import Report
import Runs
import Symmetry
import Training

struct SymmetryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "symmetry",
    abstract: "Measure what averaging a model over a symmetry of images would gain.",
    discussion: """
      Averaging means one pass for each turned, mirrored or shifted copy of an image, and the mean \
      of their probabilities. If the right answer does not change under the symmetry, the squared \
      error falls by exactly the mean of ‖f − Qf‖², for which no label is needed: the column \
      "gain". With labels, "realised" is what it does fall by, and "bias" the difference, which is \
      0 if the right answer does not change.

        convit symmetry --weights Weights/fashion.safetensors --data-path data/fashion-mnist
        convit symmetry --weights W --data-path D --group flip --unlabelled
        convit symmetry --weights W --data-path D --sample 200 --lie --gate-sweep
        convit evaluate --weights W --data-path D --average flip
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var images: FolderOptions
  @Option(
    help: .name("hflip, vflip, c2, c4, d4, cyclic:K and others, or all subgroups of d4."))
  var group = "all"
  @Flag(help: "Measure each layer, too: how far it is from moving its patches with the image.")
  var layerwise = false
  @OptionGroup var motions: MotionOptions
  @Flag(help: "Look at no labels.") var unlabelled = false
  @Option(help: .name("How many images, or all.")) var sample = "all"
  @Option(help: .int("What the sample depends on.")) var seed: UInt64 = 0
  @Option(
    .folder("The folder to write symmetry.json and symmetry.svg to; convit report shows a run's."))
  var outputDir: String?
  @Flag(help: "Print one JSON object.") var json = false

  private var sampleCount: Int? { sample == "all" ? .max : Int(sample) }

  func validate() throws {
    guard let sampleCount, sampleCount > 0 else {
      throw ValidationError("sample must be a positive number or all, found \(sample)")
    }
    try motions.validate(in: model.precision)
    if group != "all" { _ = try usage { try ImageSymmetry(named: group) } }
  }

  func run() throws {
    let saved = try model.load()
    let parts = try symmetries(for: saved)
    guard let whole = parts.last else { return }  // the largest one
    let folder = try images.folder(for: saved, seed: seed)
    let samples = folder.balancedSample(sampleCount ?? 0, seed: seed)
    let output = try outputDir.map(OutputFolder.init)
    let (pool, weights) = (model.threads.pool(), model.frozen(saved))
    let meter = try OrbitMeter(saved.model, weights, whole)
    let layers = try layerwise ? LayerSymmetry(saved.transformer, weights, whole) : nil
    var sums = layers?.start
    var meters = try motions.meters(of: saved.transformer, weights, group: group)
    var statistics = OrbitStatistics(whole, subgroups: parts)
    var (terminal, skipped) = (Terminal(), images.skipped(of: folder))
    var done = 0
    try images.evaluator(for: saved, on: pool).batches(
      of: samples, noting: { try skipped.note($0) { terminal.line("note: \($0)") } }
    ) { batch in
      let orbits = meter.probabilities(of: batch.inputs, on: pool)
      for (orbit, label) in zip(orbits, batch.labels) {
        statistics.add(orbit, label: unlabelled ? nil : label)
      }
      if var started = sums, let layers {
        sums = nil
        layers.add(batch.inputs, to: &started, on: pool)
        sums = started
      }
      meters.add(batch.inputs, on: pool)
      done += batch.count
      terminal.progress("measured \(done)/\(samples.count)")
    }
    var report = SymmetryReport(statistics, parts) {
      $0 < folder.classes.count ? folder.classes[$0] : saved.className($0)
    }
    if let layers, let sums { report.layers = layers.layers(sums) }
    meters.complete(&report)
    if let output {
      try output.write(JSON.text(report, isPretty: true) + "\n", to: RunFiles.symmetry)
      try output.write(SymmetryFigure(report).svg, to: "symmetry.svg")
      terminal.line("wrote \(outputDir ?? "")/symmetry.json and symmetry.svg")
      if let sweep = report.gateSweep {
        try output.write(SweepFigure(sweep).svg, to: "gate-sweep.svg")
        terminal.line("wrote \(outputDir ?? "")/gate-sweep.svg")
      }
    }
    if json { return try Terminal.result(JSON.text(report)) }
    terminal.line("\(report.images) images, probabilities averaged over \(whole.name)")
    try SymmetryText(report: report).lines.forEach(Terminal.result)
  }

  /// What to measure: the one that was named, or all of the model's images; the largest is last.
  private func symmetries(for saved: SavedModel) throws -> [ImageSymmetry] {
    guard group == "all" else { return [try ImageSymmetry(named: group)] }
    let input = saved.model.input
    return ImageSymmetry.subgroupsOfD4.filter {
      $0.elements.count > 1 && (try? $0.places(height: input[1], width: input[2])) != nil
    }
  }
}
