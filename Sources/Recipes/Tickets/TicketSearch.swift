import Autodiff
import ConViT
import Files
import Foundation
import Pruning
import Runs
import Tickets
import Training

/// A search for lottery tickets: rounds of training, each a run like any other in a folder of its
/// own, and the tickets between them. What is there already is not made again, so that a search
/// that was stopped anywhere resumes to the same bits.
package struct TicketSearch {
  package let settings: TicketSettings
  package let configuration: TrainingConfiguration
  package let folder: String
  /// The critical images of another search that rounds train on, and their file.
  private let given: GivenSet?
  package private(set) var results = TicketResults()
  private let pool: WorkerPool
  private let isAgain: Bool
  private let train: Train
  private let say: (String) -> Void

  /// Trains a run in the folder of its configuration, from where it stopped, to its end.
  package typealias Train = (
    _ configuration: TrainingConfiguration, _ title: String,
    _ observer: inout (any TrainingObserver)?
  ) throws -> Void

  /// A search whose trainings `configuration` describes, below the folder of its `outputDir`.
  ///
  /// - Parameters:
  ///   - train: trains; to be shown, and stopped.
  ///   - say: is told what one should know.
  /// - Throws: `TrainingError` for settings that cannot be, and for a folder that has another
  ///   search, or one and `resume` is not `auto`.
  package init(
    _ configuration: TrainingConfiguration, _ settings: TicketSettings, pool: WorkerPool,
    say: @escaping (String) -> Void, train: @escaping Train
  ) throws {
    try settings.validate()
    try configuration.validate()
    try configuration.validateModel()
    guard let folder = configuration.outputDir, !folder.isEmpty else {
      throw TrainingError(usage: "output-dir is missing: the folder to write the search to")
    }
    guard configuration.ticket == nil else {
      throw TrainingError(usage: "ticket: a search makes its own")
    }
    guard configuration.pracSet == nil || settings.methods == [.imp] else {
      throw TrainingError(
        usage: "prac-set: of the methods only imp trains on a set that is given: --method imp")
    }
    guard configuration.prune == nil else {
      throw TrainingError(
        usage: "prune: a search prunes by itself; --rounds and --rate say how much")
    }
    guard configuration.resume == nil || configuration.resume == "auto" else {
      throw TrainingError(usage: "resume: a search resumes with auto, in its output-dir")
    }
    guard configuration.scaledEpochs == configuration.epochs else {
      throw TrainingError(usage: "scale-epochs: say how many --epochs there are instead")
    }
    guard configuration.evalEvery == 1 || !settings.endsEarly else {
      throw TrainingError(
        usage: "eval-every: a training that ends early is tested after its last epoch, which "
          + "may be any: early-bird needs 1")
    }
    guard configuration.seed <= UInt64.max - UInt64(settings.seeds - 1) else {
      throw TrainingError(
        usage: "seed: there are no \(settings.seeds) seeds from \(configuration.seed) on")
    }
    (self.settings, self.folder, self.pool) = (settings, folder, pool)
    (self.say, self.train) = (say, train)
    isAgain = configuration.resume == "auto"
    var configuration = configuration
    (configuration.outputDir, configuration.resume) = (nil, nil)
    given = try configuration.pracSet.map { (try PracSet(contentsOf: $0), $0) }
    configuration.pracSet = nil  // the dense training and those of tickets are on all images
    configuration.warmupEpochs = configuration.learningRates.warmupEpochs
    self.configuration = configuration
    try checkFolder()
  }

  /// Searches with each seed that no other process on the folder has, and takes over what those
  /// have found; `report` is called when there is something new in ``results``.
  ///
  /// - Parameter wait: is told with how many seeds others search, when there is nothing else to do.
  package mutating func callAsFunction(
    _ report: (TicketResults) throws -> Void, wait: (Int) throws -> Void = { _ in sleep(1) }
  ) throws {
    for note in configuration.notesOnForgetting { say(note) }
    let seeds = try (0..<settings.seeds).map { number in
      var configuration = configuration
      configuration.seed += UInt64(number)
      return try SeedSearch(
        self, TicketGround(configuration, settings, given, pool: pool))
    }
    try noteSettings()
    try SharedWork.each(of: seeds, wait: wait) { seed in
      guard let lock = try FolderLock(sharing: "\(folder)/\(seed.folder)") else { return false }
      defer { withExtendedLifetime(lock) {} }
      var seed = seed
      try seed.run(&results, report)
      return true
    }
  }

  // MARK: - What all seeds share

  private var noted: Noted {
    get throws {
      Noted(
        training: try configuration.withoutMachine.yaml(), search: settings.fixed,
        pracSet: given?.set.indices)
    }
  }

  /// Writes by which settings tickets are found, if nothing says it yet; throws if another process
  /// has just written others.
  private func noteSettings() throws {
    let lock = try FolderLock(sharing: folder, waits: true)
    defer { withExtendedLifetime(lock) {} }
    try checkFolder()
    guard !FileManager.default.fileExists(atPath: "\(folder)/\(Self.settingsFile)") else { return }
    let output = try OutputFolder(folder)
    try output.write(JSON.text(noted, isPretty: true) + "\n", to: Self.settingsFile)
  }

  /// Throws if the folder has a search, and is not to resume it or has other settings.
  private func checkFolder() throws {
    let path = "\(folder)/\(Self.settingsFile)"
    guard FileManager.default.fileExists(atPath: path) else { return }
    let asked = try noted
    guard isAgain else {
      throw TrainingError(
        usage:
          "\(folder): there is a search in this folder already; resume it by --resume auto, "
          + "or choose another")
    }
    let bytes = try RegularFile.contents(of: path, maxBytes: 1 << 24)
    guard let found = try? JSONDecoder().decode(Noted.self, from: Data(bytes)) else {
      throw TrainingError("\(path): not as a search writes it")
    }
    let old = try TrainingConfiguration(yaml: found.training, of: path)
    let differences = try configuration.withoutMachine.differences(from: old)
      .filter { !Self.changeable.contains($0.key) }
      .map { "\($0.key) is \($0.new), and was \($0.old)" }
    var faults = differences + asked.search.differences(from: found.search)
    if asked.pracSet != found.pracSet { faults.append("prac-set has other images") }
    guard faults.isEmpty else {
      throw TrainingError(
        usage: "\(folder): the search there has other settings: "
          + faults.joined(separator: ", ") + "; choose another output-dir")
    }
  }

  private struct Noted: Codable, Hashable {
    let training: String
    let search: TicketSettings
    var pracSet: [Int]?  // nil: that of each round, or all images
  }

  private static let settingsFile = "search.json"
  /// What decides about no bit of a ticket.
  private static let changeable: Set = [
    "data-path", "val-path", "log-every", "save-every", "save-every-steps", "report", "tensorboard",
    "locality-every", "locality-sample", "recompute", "on-nonfinite",
  ]

  func train(
    _ configuration: TrainingConfiguration, in folder: String,
    watching watch: TicketWatch?
  ) throws -> (watch: TicketWatch?, outcome: TicketResults.Training) {
    var configuration = configuration
    (configuration.outputDir, configuration.resume) = ("\(self.folder)/\(folder)", "auto")
    var observer: (any TrainingObserver)? = watch
    try train(configuration, folder, &observer)
    let path = "\(self.folder)/\(folder)"
    let checkpoint = try Checkpoint(contentsOf: "\(path)/\(RunFiles.checkpoint)")
    let records = RunFolder.records(of: path)
    guard let accuracy = records.last?.testAcc1 else {
      throw TrainingError("\(path): the last epoch was not evaluated; --eval-every 1 does it")
    }
    return (
      observer as? TicketWatch,
      TicketResults.Training(
        folder: folder, images: checkpoint.data.train.reduce(0) { $0 + $1.images },
        epochs: records.count, steps: try checkpoint.snapshot.integer("optimizer.step"),
        seconds: records.reduce(0) { $0 + $1.seconds }, accuracy: accuracy)
    )
  }

  func tell(_ note: String) { say(note) }
}
