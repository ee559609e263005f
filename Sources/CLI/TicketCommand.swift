import ArgumentParser
import Autodiff
import ConViT
import Files
import Foundation
import Images
import Recipes
import Report
import Tickets
import Training

struct TicketCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ticket", abstract: "Find sparse models that train as well as dense ones.",
    discussion: """
      A ticket is the weights of an early step and a mask of what is kept of them. prac finds one \
      in rounds of training on the images that matter (Zhang et al. 2021), imp in rounds on all of \
      them; early-bird, random, snip and synflow take one mask. Tickets of all methods keep as \
      many weights, start from the same ones and are trained alike; the table says which are \
      better than random masks by more than chance explains. docs/TICKETS.md has the whole.

        convit ticket --data-path D --config C --rounds 8 --output-dir tickets/first
        convit train --ticket tickets/first/seed-0/prac/ticket-8.safetensors \\
          --config C --data-path D --output-dir runs/sparse

      The flags of convit train say how models are trained; here --no-repeated-aug, --mixup 0, \
      --cutmix 0 and --sched-on-updates are the defaults. Each training is a run like any other in \
      OUT; OUT/hard.csv lists the images that are hardest to learn. A search that was stopped \
      or killed is resumed by the same command with --resume auto, and ends in the same tickets. \
      Started several times at once, all with --resume auto, it divides the --seeds among \
      the processes.
      """)

  @OptionGroup(title: "Files") var files: FileFlags
  @OptionGroup(title: "Search") var search: TicketFlags
  @OptionGroup var options: TrainOptions

  func run() throws {
    let training = try configuration()
    let threads = training.threads
    let pool = WorkerPool(threads: threads ?? WorkerPool.availableProcessors)
    guard training.dataPath != nil else {
      throw TrainingError(usage: "data-path is missing: the folder that has train/ and val/")
    }
    var search = try TicketSearch(training, search.settings, pool: pool) { note in
      Terminal.write("note: \(note)\n")
    } train: { configuration, title, observer in
      Terminal.write("\(title)\n")
      var configuration = configuration
      configuration.threads = threads
      do {
        try TrainCommand.train(configuration, watching: &observer)
      } catch let stop as ExitCode {
        Terminal.write("note: the same command with --resume auto resumes the search\n")
        throw stop
      }
    }
    let (folder, output) = (search.folder, try OutputFolder(search.folder))
    let reader = try search.configuration.evaluationReader()
    var waiting = WaitingForOthers(ofA: "search", with: "the same command with --resume auto")
    try search { results in
      let lock = try FolderLock(sharing: folder, waits: true)
      defer { withExtendedLifetime(lock) {} }
      try write(results, reader, to: output)
    } wait: {
      try waiting($0)
    }
    try Terminal.result(TicketReport(search.results).text)
  }

  /// The settings of training: those of the flags over the file's, over a search's own defaults.
  private func configuration() throws -> TrainingConfiguration {
    var notes: [String] = []
    func merged(_ base: TrainingConfiguration) throws -> TrainingConfiguration {
      let file = try files.config.map { try TrainingConfiguration(contentsOf: $0, over: base) }
      var merged = file ?? base
      merged.dataPath = files.dataPath ?? merged.dataPath
      merged.outputDir = files.outputDir ?? merged.outputDir
      options.apply(to: &merged)
      guard let path = files.config, let file else { return merged }
      let settled = try merged.withoutUnused(of: file, from: path)
      notes = settled.notes
      return settled.configuration
    }
    let (configuration, note) = try TrainingConfiguration.shapedByWeights { base in
      try merged(base.forTickets)
    }
    for note in notes + [note].compactMap(\.self) { Terminal.write("note: \(note)\n") }
    return configuration
  }

  /// Images that the page shows at most.
  private static let shown = 48

  /// Writes what was found so far.
  private func write(
    _ results: TicketResults, _ reader: ImageReader, to output: OutputFolder
  ) throws {
    let report = TicketReport(results)
    let (json, rows) = (try JSON.tableText(report), results.hard.rows)
    try output.write(json + "\n", to: "tickets.json")
    try output.write(report.csv, to: "tickets.csv")
    try output.write(HardExamples.csv(rows), to: "hard.csv")
    let hard = rows.prefix(Self.shown).map { row in
      TicketPage.HardImage(
        path: row.path, label: row.label, neverRight: row.neverRight, trainings: row.trainings,
        forgotten: row.forgotten, accuracy: row.accuracy, picture: reader.smallPicture(at: row.path)
      )
    }
    try output.write(TicketPage(report: json, hard: hard).html, to: "tickets.html")
  }
}

/// The flags of `convit ticket` beside those of a training.
struct TicketFlags: ParsableArguments {
  @Option(
    list: .name("prac, imp, early-bird, random, snip, synflow, or all. (default: prac)"))
  var method: [String] = []
  @Option(.int("Prunes, one after each round. (default: 16)")) var rounds: Int?
  @Option(.number("The share of the weights left that goes in each. (default: 0.2)"))
  var rate: Double?
  @Option(.int("The step to whose weights tickets go back. (default: those of three epochs)"))
  var rewindStep: Int?
  @Option(
    .number(
      "End rounds of prac when masks move by less than this in five epochs: 0.07; also the limit "
        + "of the method early-bird. (default: never)"))
  var earlyBird: Double?
  @Option(.int("Epochs that do not count for it. (default: 0)")) var earlyBirdWarmup: Int?
  @Option(
    .name(
      "What shrinks with the images of a round: its epochs, or its iterations alone (linear). "
        + "(default: epochs)"))
  var scaling: RoundScaling?
  @Option(
    .number(
      "The share of its weights that each layer keeps, eight at least; 0: none. (default: 0.01)"))
  var floor: Double?
  @Option(.int("Searches, from --seed on. (default: 1)")) var seeds: Int?
  @Option(list: .int("Rounds whose tickets are trained on all images. (default: the last)"))
  var retrain: [Int] = []
  @Flag(help: "Prune the weights that make patches, too.") var patchEmbed = false

  func validate() throws { _ = try usage { try settings.validate() } }

  var settings: TicketSettings {
    get throws {
      var settings = TicketSettings()
      if !method.isEmpty {
        let all = TicketSettings.Method.allCases
        let asked = try method.flatMap { name in
          if name == "all" { return all }
          guard let method = TicketSettings.Method(rawValue: name) else {
            let names = all.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("method must be of \(names) or all, found \(name)")
          }
          return [method]
        }
        settings.methods = asked.enumerated().filter { place, method in
          asked.firstIndex(of: method) == place
        }.map(\.element)
      }
      settings.rounds = rounds ?? settings.rounds
      settings.rate = rate ?? settings.rate
      settings.rewindStep = rewindStep
      settings.earlyBird = earlyBird
      settings.earlyBirdWarmup = earlyBirdWarmup ?? 0
      settings.scaling = scaling ?? settings.scaling
      settings.floor = floor ?? settings.floor
      settings.seeds = seeds ?? 1
      settings.retrain = retrain.isEmpty ? nil : retrain
      settings.patchEmbed = patchEmbed
      return settings
    }
  }
}

extension RoundScaling: ExpressibleByArgument {
  /// `linear` is another word for what shrinks by the iterations alone.
  public init?(argument: String) {
    self.init(rawValue: argument == "linear" ? "iterations" : argument)
  }
}
