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

      convit linear-gap, also convit symmetry --linear-gap, has the closed form of the gain for \
      linear models; it takes no weights.
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var images: FolderOptions
  @Option(
    help: .name("hflip, vflip, c2, c4, d4, cyclic:K and others, or all: all subgroups of d4."))
  var group = "all"
  @Flag(help: "Measure each layer, too: how far it is from moving its patches with the image.")
  var layerwise = false
  @OptionGroup var motions: MotionOptions
  @Flag(
    help: """
      Look at no labels: the images may lie in any folders, or be listed in a CSV file with a \
      column path alone.
      """)
  var unlabelled = false
  @Option(help: .name("How many images, or all.")) var sample = "all"
  @Option(help: .int("What the sample depends on.")) var seed: UInt64 = 0
  @Option(
    .folder(
      "The folder to write symmetry.json, symmetry.svg and, of a sweep, gate-sweep.svg to, in the "
        + "place of earlier ones; convit report shows a run's."))
  var outputDir: String?
  @Flag(help: "Show gains by class and group, too; --json always does.") var perClass = false
  @Flag(help: "Print one JSON object.") var json = false

  func validate() throws {
    _ = try sampleCount(sample)
    try motions.validate(in: model.precision)
    guard group != "all" else { return }
    do {
      _ = try ImageSymmetry(named: group)
    } catch {
      let names = ImageSymmetry.names
      throw ValidationError(
        error.description.replacing(names, with: names + ", and all for all subgroups of d4"))
    }
  }

  func run() throws {
    let saved = try model.load()
    let parts = try symmetries(for: saved)
    guard let whole = parts.last else { return }  // the largest one
    let (pool, weights) = (model.threads.pool(), model.frozen(saved))
    let meter = try fitting { try OrbitMeter(saved.model, weights, whole) }
    let layers = try fitting {
      layerwise ? try LayerSymmetry(saved.transformer, weights, whole) : nil
    }
    var meters = try fitting { try motions.meters(of: saved.transformer, weights, group: group) }
    let folder =
      unlabelled ? try images.unlabelled(seed: seed) : try images.folder(for: saved, seed: seed)
    let samples = folder.balancedSample(try sampleCount(sample), seed: seed)
    let output = try outputDir.map(Self.output)
    defer { output?.discard() }
    var (sums, statistics) = (layers?.start, OrbitStatistics(whole, subgroups: parts))
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
    report.origin = SymmetryReport.Origin(
      weights: model.file.weights, dataPath: images.dataPath, split: images.split,
      sample: Int(sample), seed: seed)
    if let layers, let sums {
      (report.layers, report.layersGroup) = (layers.layers(sums), whole.name)
    }
    meters.complete(&report)
    if let output { terminal.line("wrote " + (try write(&report, to: output))) }
    if json { return try Terminal.result(JSON.text(report)) }
    terminal.line(
      counted(report.images, "image", "images") + ", probabilities averaged over \(whole.name)")
    try SymmetryText(report: report, perClass: perClass).lines.forEach(Terminal.result)
  }

  /// What to measure: the one that was named, or all of the model's images; the largest is last.
  private func symmetries(for saved: SavedModel) throws -> [ImageSymmetry] {
    guard group == "all" else { return [try ImageSymmetry(named: group)] }
    let (height, width) = (saved.imageSize.height, saved.imageSize.width)
    let all = ImageSymmetry.subgroupsOfD4.filter { $0.elements.count > 1 }
    let able = all.filter { (try? $0.places(height: height, width: width)) != nil }
    let others = all.map(\.name).filter { name in !able.contains { $0.name == name } }
    if !others.isEmpty {
      Terminal.write(
        "note: images of \(height) × \(width) pixels are not square: "
          + "\(others.dropLast().joined(separator: ", ")) and \(others.last ?? "") are left out\n")
    }
    return able
  }
}

// Files of a measurement.
extension SymmetryCommand {
  private static func output(_ path: String) throws -> ResultFolder {
    try ResultFolder(path, record: RunFiles.symmetry) {
      $0 == "symmetry.svg" || $0 == "gate-sweep.svg"
    }
  }

  /// Writes a report and its figures, which it then names; says what was written.
  private func write(
    _ report: inout SymmetryReport, to output: ResultFolder
  ) throws -> String {
    try output.write(SymmetryFigure(report).svg, to: "symmetry.svg")
    if let sweep = report.gateSweep {
      try output.write(SweepFigure(sweep).svg, to: "gate-sweep.svg")
    }
    try output.publish {
      report.files = $0
      return try JSON.text(report, isPretty: true)
    }
    let others = report.gateSweep == nil ? "" : ", gate-sweep.svg"
    return "\(outputDir ?? "")/\(RunFiles.symmetry)\(others) and symmetry.svg"
  }
}

/// What `body` returns; a symmetry that images or patches have not is a usage error.
private func fitting<Value>(_ body: () throws -> Value) throws -> Value {
  do { return try body() } catch let error as SymmetryError { throw ValidationError("\(error)") }
}
