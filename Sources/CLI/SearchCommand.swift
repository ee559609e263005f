import ArgumentParser
import Autodiff
import Files
import Foundation
import Recipes
import Report
import Scores
import Training

struct SearchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search", abstract: "Find the architectures of a space that are worth training.",
    discussion: """
      Candidates are drawn from the space and scored at their initialisation. --calibrate N trains \
      the first N of them, says how far each score orders them as their accuracies do, on these \
      data and with this recipe, and fits a prediction to them that orders the rest; without it, \
      --method does. Then the best --topk are trained, with --rungs R by successive halving: for a \
      part of their epochs, and the better half of them for twice as many, from where they are, R \
      times. With --evolve N, the ten best by --method are trained, and N children of the most \
      accurate (AREA).

      Accuracies are those on val: a space's base should hold out images (val-fraction) if the \
      test images are to say something later. Each training is a run like any other, in \
      OUT/candidates; the same command resumes where it stopped, and ends with the same table. \
      Started several times at once, it divides the trainings among the processes. \
      OUT/search.html shows what scores said and what came of it, and which candidates are worth \
      their cost.
      """)

  @Option(help: .file("A search space; see Configs/search and docs/SEARCH.md.")) var space: String
  @Option(help: .folder("The folder of images, or a CSV file of paths and labels."))
  var dataPath: String
  @Option(help: .folder("The folder to write runs and tables to.")) var outputDir: String
  @Option(.int("Candidates to draw. (default: 100)")) var samples: Int?
  @Option(.int("Of them, how many are trained to calibrate the scores. (default: 0)"))
  var calibrate: Int?
  @Option(.int("Of the others, the best to train in the end. (default: 5, or 0 with --evolve)"))
  var topk: Int?
  @Option(.int("Rungs of successive halving, of which the last trains to the end. (default: 1)"))
  var rungs: Int?
  @Option(.int("Children to train in an evolution from the ten best by --method. (default: 0)"))
  var evolve: Int?
  @Option(help: "The score that orders candidates without --calibrate.") var method = Score.naswot
  @Option(.int("Parameters of a candidate at most.")) var maxParams: Int?
  @Option(.int("Multiply-adds of a candidate at most.")) var maxMacs: Int?
  @Option(.number("Milliseconds to predict an image at most, measured here; see convit bench."))
  var maxMs: Double?
  @Option(.int("Images that scores are computed on. (default: 128, or all)")) var batchSize: Int?
  @Option(.int("Of the sample, the scores and the trainings. (default: 0)")) var seed: UInt64?
  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    try require("samples", samples, in: 1...100_000)
    try require("calibrate", calibrate, in: 0...100_000)
    try require("topk", topk, in: 0...100_000)
    try require("rungs", rungs, in: 1...20)
    try require("evolve", evolve, in: 0...100_000)
    try require("batch-size", batchSize, in: 2...10_000)
    try require("max-params", maxParams, in: 1...Int.max)
    try require("max-macs", maxMacs, in: 1...Int.max)
    guard (calibrate ?? 0) <= samples ?? 100 else {
      throw ValidationError("calibrate is more than the samples")
    }
    guard (maxMs ?? 1) > 0, (maxMs ?? 1).isFinite else {
      throw ValidationError("max-ms must be positive, found \(maxMs ?? 0)")
    }
  }

  func run() throws {
    let (space, pool) = (try SearchSpace(contentsOf: space), threads.pool())
    var search = try SearchRun(
      space, samples: samples ?? 100, seed: seed ?? 0, dataPath: dataPath, method: method,
      within: SearchRun.Budget(
        parameters: maxParams, multiplyAdds: maxMacs, milliseconds: maxMs),
      times: PredictionTimes(in: outputDir), batchSize: batchSize, on: pool)
    try search.checkRungs(rungs ?? 1)
    let output = try OutputFolder(outputDir)
    Terminal.write(
      String(
        format: "%d candidates scored in %.1f s\n", search.candidates.count, search.scoring.seconds)
    )
    let asked = samples ?? 100
    if search.candidates.count < asked {
      Terminal.write(
        "note: \(search.candidates.count) of \(asked) candidates: no more are in the space, or "
          + "within the budget\n")
    }
    let first = Array(search.candidates.indices.prefix(calibrate ?? 0))
    search.calibration = first.count
    try train(first, &search, output) { "calibration \($0 + 1)/\(first.count)" }
    if let evolve, evolve > 0 {
      var evolution = Evolution(of: search, seed: seed ?? 0)
      let population = evolution.population
      try train(population, &search, output) { "population \($0 + 1)/\(population.count)" }
      for index in 0..<evolve {
        guard let child = try evolution.child(in: &search, on: pool) else {
          Terminal.write("note: evolution ends here: no child is in the space and the budget\n")
          break
        }
        try train([child], &search, output) { _ in "child \(index + 1)/\(evolve)" }
      }
    }
    try trainBest(topk ?? (evolve ?? 0 > 0 ? 0 : 5), &search, output)
    let report = search.report
    try write(report, to: output)
    try Terminal.result(report.text)
    guard search.failures.isEmpty else {
      let failed = counted(search.failures.count, "candidate", "candidates")
      throw TrainingError(
        "\(outputDir): \(failed) failed, as search.json says; the same command tries again")
    }
  }

  /// The best by the order of the search, of which each rung keeps half.
  private func trainBest(
    _ count: Int, _ search: inout SearchRun, _ output: OutputFolder
  ) throws {
    let (known, rungs) = (search.accuracies, rungs ?? 1)
    func isOpen(_ candidate: Int) -> Bool {
      known[candidate] == nil && search.failures[candidate] == nil
    }
    var field = Array(search.order.filter(isOpen).prefix(count))
    for rung in 1...rungs where !field.isEmpty {
      let (title, count) = (rungs == 1 ? "best" : "rung \(rung)/\(rungs)", field.count)
      try train(field, rung: rung, of: rungs, &search, output) {
        "\(title) \($0 + 1)/\(count)"
      }
      field = search.betterHalf(of: field.filter { search.failures[$0] == nil })
    }
  }

  /// Trains those candidates, to their ends or that of a rung, that no other process on the folder
  /// does, and waits for those that one does.
  private func train(
    _ candidates: [Int], rung: Int = 1, of rungs: Int = 1, _ search: inout SearchRun,
    _ output: OutputFolder, title: (Int) -> String
  ) throws {
    var waiting = WaitingForOthers(ofA: "search")
    let attempt = RunAttempts(of: candidates.map(search.run), in: outputDir)
    try SharedWork.each(of: Array(candidates.enumerated())) {
      try waiting($0)
    } attempt: { index, candidate in
      let epochs = search.epochs(of: candidate, rung: rung, of: rungs)
      func isDone() throws -> Bool {
        try search.add(resultOf: candidate, in: outputDir, after: epochs)
      }
      guard search.accuracies[candidate] == nil, search.failures[candidate] == nil else {
        return true
      }
      try search.noteSettings(of: candidate, in: outputDir)
      let (run, name) = (search.run(of: candidate), search.candidates[candidate].name)
      let isSettled = try attempt(run, unless: isDone) {
        try waiting.stopIfAsked()
        Terminal.write("\(title(index)): \(name)\n")
        try search.training.measure {
          try run.train(
            below: outputDir, on: dataPath, threads: threads.threads, until: epochs, ofA: "search")
        }
      } ended: {
        if let failure = $0 { Terminal.error("\(name): failed: \(failure)") }
        if $0 == nil { _ = try isDone() }
        try write(search.report, to: output)
      }
      if isSettled { search.failures[candidate] = attempt.failure(of: run) }
      return isSettled
    }
  }

  private func write(_ report: SearchReport, to output: OutputFolder) throws {
    let lock = try FolderLock(sharing: outputDir, waits: true)
    defer { withExtendedLifetime(lock) {} }
    let json = try JSON.tableText(report)
    try output.write(json + "\n", to: "search.json")
    try output.write(report.csv, to: "search.csv")
    try output.write(try SearchPage(report: json).html, to: "search.html")
    for (cost, figure) in report.frontFigures {
      try output.write(figure.svg, to: "front-\(cost).svg")
    }
  }
}

extension SearchReport {
  /// How far each score orders the trained candidates, and these by accuracy.
  var text: String {
    func number(_ value: Double?, _ format: String) -> String {
      value.map { String(format: format, $0) } ?? "–"
    }
    var lines = [
      "\(title): \(scored) candidates scored in "
        + number(scoring.seconds, "%.1f s") + ", \(trained) trained in "
        + number(trainingSeconds, "%.0f s")
    ]
    for (what, cost) in [("scoring", scoring), ("training", training)] {
      guard let joules = cost.joules else { continue }
      lines.append("\(what) took " + number(joules, "%.0f J"))
    }
    if !correlations.isEmpty {
      let rows = correlations.map { found in
        [
          found.score, number(found.tau, "%.2f"),
          found.interval.map { String(format: "%.2f", $0) }.joined(separator: " … "),
          number(found.p, "%.1g"), number(found.gainOfTen, "%+.1f points"),
          number(found.lossOfThree.map { -$0 }, "%.2f points"),
        ]
      }
      lines.append("of \(correlated) that were trained to the end:")
      lines += aligned(
        [["score", "tau", "95 %", "p", "best of ten", "three of ten"]] + rows, texts: [0])
    }
    lines += candidates.compactMap { candidate in
      candidate.failure.map { "failed: \(candidate.name): \($0)" }
    }
    lines.append("acc@1   epochs  predicted  candidate")
    lines += candidates.prefix(max(candidates.count { $0.accuracy != nil }, 10)).map {
      number($0.accuracy, "%.2f").padded(to: 8)
        + ($0.epochs.map(String.init) ?? "–").padded(to: 8)
        + number($0.predicted, "%.2f").padded(to: 11) + $0.name
    }
    for front in fronts where front.candidates.count > 1 {
      lines.append("not dominated by \(front.cost): " + front.candidates.joined(separator: "; "))
    }
    return lines.joined(separator: "\n")
  }
}

extension SearchReport {
  /// A picture of each front, once two candidates are trained.
  var frontFigures: [(cost: String, figure: FrontFigure)] {
    guard trained > 1 else { return [] }
    return fronts.map { front in
      let points = candidates.compactMap { candidate -> (name: String, point: FrontFigure.Point)? in
        guard candidate.isComplete, let cost = candidate.scores[front.cost],
          let accuracy = candidate.accuracy
        else { return nil }
        return (candidate.name, (cost, accuracy))
      }
      let joined = front.candidates.compactMap { name in
        points.first { $0.name == name }?.point
      }
      return (
        front.cost, FrontFigure(cost: front.cost, points: points.map(\.point), front: joined)
      )
    }
  }
}
