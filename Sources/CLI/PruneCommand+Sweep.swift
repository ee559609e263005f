import ArgumentParser
import ConViT
import Files
import Foundation
import Pruning
import Report

// `--sweep`: all methods at all sparsities.
extension PruneCommand {
  /// Measures what is not in the folder yet; each measurement is on the disk before the next.
  func runSweep(of saved: SavedModel) throws {
    let methods: [PruningMethod] =
      structured == nil ? [.magnitude, .random, .taylor] : PruningMethod.allCases
    let maker = try maker(for: saved, methods)
    noteWhatIsKnown(of: saved, maker.warning(.magnitude, .global))
    guard let sample = try images.sample(for: saved, seed: seed ?? 0, model.threads),
      let dataPath = images.dataPath, let outputDir
    else { return }  // `validate` has asked for both
    let gap = try gap(of: saved, on: sample)
    let origin = PruningSweep.Origin(
      weights: model.file.weights, structured: structured, dataPath: dataPath,
      split: images.split, seed: seed ?? 0, also: also, gap, labels: sample.labels,
      .init(saved.weights.tree), chosenBy: maker.chosenBy)
    let output = try OutputFolder(outputDir)
    let path = "\(outputDir)/sweep.json"
    let known = try earlier(at: path, origin)
    let earlier = Dictionary(known.map { ($0.choice, $0) }) { first, _ in first }
    var (sweep, terminal) = (PruningSweep(origin), Terminal())
    let choices = PruningSweep.choices(
      methods: methods.map(\.rawValue), seeds: seeds ?? 3, from: seed ?? 0)
    var made = 0
    // Measurements that are not asked for now, such as of more seeds, stay in the record.
    let others = known.filter { !choices.contains($0.choice) }
    for (index, choice) in choices.enumerated() {
      if let known = earlier[choice] {
        sweep.trials.append(known)
        continue
      }
      guard let method = PruningMethod(rawValue: choice.method) else { continue }
      let cut = try maker.cut(
        method, choice.scope, seed: choice.seed ?? 0, share: choice.sparsity)
      sweep.trials.append(
        .init(choice, removed: cut.removedShare, cut.gates, gap, labels: sample.labels))
      made += 1
      let left = terminal.elapsed / Double(made) * Double(choices.count - index - 1)
      terminal.progress("measured \(index + 1)/\(choices.count)  ETA \(clock(left))")
      // With what is known of later choices: a start that is stopped loses nothing.
      var record = sweep
      record.trials += choices[(index + 1)...].compactMap { earlier[$0] } + others
      try output.write(try JSON.tableText(record) + "\n", to: "sweep.json")
    }
    sweep.trials += others
    try output.write(try JSON.tableText(sweep) + "\n", to: "sweep.json")
    try output.write(sweep.csv, to: "sweep.csv")
    try output.write(try PruningPage(sweep).html, to: "sweep.html")
    try output.write(PruningFigure(sweep).gaps, to: "gaps.svg")
    try output.write(PruningFigure(sweep).accuracies, to: "accuracies.svg")
    terminal.line("wrote \(outputDir)/sweep.html, with sweep.json, sweep.csv and two figures")
    if json { return try Terminal.result(JSON.tableText(sweep)) }
    try sweep.lines.forEach(Terminal.result)
  }

  /// What is pruned beside attention and MLPs.
  private var also: [String]? {
    let flags = (patchEmbed ? ["patch-embed"] : []) + (head ? ["head"] : [])
    return flags.isEmpty ? nil : flags
  }

  /// What an earlier start of the same sweep has measured.
  private func earlier(
    at path: String, _ origin: PruningSweep.Origin
  ) throws -> [PruningSweep.Trial] {
    guard !force, FileManager.default.fileExists(atPath: path) else { return [] }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let found: PruningSweep
    do {
      found = try decoder.decode(
        PruningSweep.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    } catch {
      throw FileError(path: path, reason: "is no sweep's record; --force replaces it")
    }
    guard found.origin == origin else {
      throw FileError(
        path: path, reason: "is of other weights, images or settings; --force replaces it")
    }
    return found.trials
  }
}

extension PruningSweep {
  /// Means by method, scope and sparsity, in columns.
  fileprivate var lines: [String] {
    let head = ["method", "scope", "sparsity", "predicted", "measured", "Acc@1"]
    let rows = curves.flatMap { curve in
      curve.points.map { point in
        [
          curve.method, curve.scope.rawValue, String(format: "%.2f", point.sparsity),
          String(format: "%.4f", point.predicted), String(format: "%.4f", point.measured),
          String(format: "%.2f", point.acc1),
        ]
      }
    }
    return aligned([head] + rows, texts: [0, 1])
      + [String(format: "Acc@1 %.2f before, on %d images", origin.acc1, origin.images)]
  }
}
