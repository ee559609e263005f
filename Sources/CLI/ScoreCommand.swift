import ArgumentParser
import Autodiff
import ConViT
import Files
import Foundation
import Recipes
import Scores
import Training

struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Rank architectures before any of them is trained.",
    discussion: """
      The candidates are configs, or a sample of a search space (docs/SEARCH.md). Each is scored \
      at its initialisation on a batch of training images: naswot says how well its units tell \
      images apart (no labels), mgm how large the gradient is that they share, and params, the \
      number of parameters, is the baseline that such scores have to beat. A score is no accuracy: \
      on some data small models are better, which no score knows that sees no training.
      """)

  @Option(list: .file("The candidates' configs, one or more.")) var config: [String] = []
  @Option(.file("A search space; see Configs/search.")) var space: String?
  @Option(.int("Candidates to draw from the space. (default: 24)")) var samples: Int?
  @Option(help: .folder("The folder of images, or a CSV file of paths and labels."))
  var dataPath: String
  @Option(help: "The score that decides about the order.") var method = Score.naswot
  @Flag(help: "All scores, over two batches: what each says, and how sure it is.") var explain =
    false
  @Option(.int("Images of a batch. (default: 128, or all)")) var batchSize: Int?
  @Option(.int("Initialisations of each candidate. (default: 3)")) var starts: Int?
  @Option(.int("Of the sample, the images and the initialisations. (default: 0)")) var seed: UInt64?
  @Flag(help: "Print one JSON object.") var json = false
  @Option(.folder("The folder to write scores.json and scores.csv to.")) var outputDir: String?
  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    try require("batch-size", batchSize, in: 2...10_000)
    try require("starts", starts, in: 1...1000)
    try require("samples", samples, in: 1...100_000)
    guard config.isEmpty != (space == nil) else {
      throw ValidationError("candidates are --config C D …, or --space S")
    }
    if samples != nil && space == nil { throw ValidationError("samples is for --space") }
  }

  func run() throws {
    let (names, configurations) = try candidates()
    var scoring = try ScoringRun(of: configurations)
    (scoring.batchSize, scoring.starts) = (batchSize, starts ?? 3)
    scoring.seed = seed ?? 0
    scoring.scores.insert(method)
    if explain { (scoring.scores, scoring.batches) = (Set(Score.allCases), 2) }
    let output = try outputDir.map(OutputFolder.init)
    let clock = ContinuousClock.now
    let samples = try scoring(configurations, on: threads.pool())
    let seconds = (ContinuousClock.now - clock) / .seconds(1)
    let patches = try configurations.map { try scoring.model(of: $0).grid.count }
    let table = ScoreTable(names, samples, by: method, patches: patches)
    if let output {
      try output.write(JSON.tableText(table.report) + "\n", to: "scores.json")
      try output.write(table.csv, to: "scores.csv")
    }
    guard !json else { return try Terminal.result(JSON.tableText(table.report)) }
    try Terminal.result(
      "\(names.count) candidates, \(counted(scoring.starts, "start", "starts")), "
        + "\(counted(scoring.batches, "batch", "batches")) of \(scoring.imagesOfABatch) images; "
        + String(format: "%.1f s", seconds))
    try Terminal.result(table.text)
    if explain, let best = table.order.first {
      try Terminal.result(table.eachScore)
      let layers = try scoring.layers(of: configurations[best], on: threads.pool())
      try Terminal.result(ScoreTable.text(layers, of: names[best]))
    }
    for note in table.notes { Terminal.write("note: \(note)\n") }
  }

  private func candidates() throws -> (names: [String], configurations: [TrainingConfiguration]) {
    var (names, configurations): ([String], [TrainingConfiguration])
    if let space {
      let found = try SearchSpace(contentsOf: space).sample(samples ?? 24, seed: seed ?? 0)
      (names, configurations) = (found.map(\.name), found.map(\.configuration))
    } else {
      names = config
      configurations = try config.map { path in
        let configuration = try TrainingConfiguration(contentsOf: path)
        do { try configuration.validateModel() } catch let error as TrainingError {
          throw TrainingError(usage: "\(path): \(error.message)")
        }
        return configuration
      }
    }
    for index in configurations.indices { configurations[index].dataPath = dataPath }
    return (names, configurations)
  }
}

extension Score: ExpressibleByArgument {}

extension ScoreTable {
  /// Rank, candidate and scores in columns, the method's with its interval of ranks.
  var text: String {
    let others = scores.filter { $0 != method }
    var rows = [["rank", "candidate", method.rawValue, "ranks"] + others.map(\.rawValue)]
    for (rank, candidate) in order.enumerated() {
      let place = place(candidate, by: method)
      rows.append(
        ["\(rank + 1)", names[candidate], shown(candidate, method, withDeviation: true)]
          + [place.map(ranks) ?? ""] + others.map { shown(candidate, $0, withDeviation: false) })
    }
    return aligned(rows, texts: [1]).joined(separator: "\n")
  }

  /// What each score says of the candidate that it puts first, and how sure that is.
  fileprivate var eachScore: String {
    let rows = scores.compactMap { score -> [String]? in
      let order = order(by: score)
      guard let first = order.first, let place = place(first, by: score) else { return nil }
      let ahead = order.count > 1 ? probability(of: first, beating: order[1], by: score) : nil
      return [
        score.rawValue, shown(first, score, withDeviation: true), ranks(place),
        ahead.map { String(format: "%.3f", $0) } ?? "–",
        correlation(score, .parameters).map { String(format: "%.2f", $0) } ?? "–", names[first],
      ]
    }
    let head = ["score", "its first", "ranks", "ahead of second", "tau with params", "candidate"]
    return "\nby each score:\n" + aligned([head] + rows, texts: [0, 5]).joined(separator: "\n")
  }

  private func ranks(_ place: RankedScores.Place) -> String {
    place.interval.count == 1
      ? "\(place.rank)" : "\(place.interval.lowerBound)–\(place.interval.upperBound)"
  }

  /// Where a model's gradients are, and how far those of single images agree.
  fileprivate static func text(
    _ layers: [(name: String, parts: GradientKernel.Parts)], of candidate: String
  ) -> String {
    let whole = layers.reduce(0) { $0 + $1.parts.mean }
    let rows = layers.map { name, parts in
      let agreement = parts.offDiagonal.map { $0 / parts.diagonal }
      return [
        name, String(format: "%.3g", parts.mean),
        String(format: "%.1f %%", 100 * parts.mean / whole),
        String(format: "%.3g", parts.diagonal),
        parts.offDiagonal.map { String(format: "%.3g", $0) } ?? "–",
        agreement.map { String(format: "%.2f", $0) } ?? "–",
      ]
    }
    let head = ["layer", "mgm", "share", "diagonal", "off-diagonal", "agreement"]
    return
      "\nmgm of \(candidate) by layer, at its first start on the first batch; agreement is "
      + "off-diagonal by diagonal:\n"
      + aligned([head] + rows, texts: [0]).joined(separator: "\n")
  }

  private func shown(_ candidate: Int, _ score: Score, withDeviation: Bool) -> String {
    guard let place = place(candidate, by: score), place.mean.isFinite else { return "−inf" }
    if score == .parameters || score == .multiplyAdds { return "\(Int(place.mean))" }
    let digits = Swift.max(0, 3 - Int(log10(Swift.max(abs(place.mean), 1e-300)).rounded(.down)))
    let isPlain = digits <= 6
    func text(_ value: Double) -> String {
      isPlain ? String(format: "%.\(digits)f", value) : String(format: "%.3g", value)
    }
    guard withDeviation, let deviation = place.deviation else { return text(place.mean) }
    return text(place.mean) + " ± " + text(deviation)
  }
}
