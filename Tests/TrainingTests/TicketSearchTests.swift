import Autodiff
import ConViT
import Foundation
import Pruning
import Testing
import Tickets
import Training

@testable import Recipes

/// Searches for lottery tickets, on 320 photographs.
@Suite struct TicketSearchTests {
  private let fixture: TrainingFixture

  init() throws { fixture = try TrainingFixture() }

  private func configuration(_ folder: String) throws -> TrainingConfiguration {
    var c = try fixture.smallConfiguration(folder)
    (c.epochs, c.lr, c.sched, c.minLr, c.warmupEpochs) = (4, 5e-3, .cosine, 1e-4, 1)
    (c.schedOnUpdates, c.shuffle, c.batchSize, c.saveEverySteps) = (true, true, 40, 3)
    return c
  }

  private func settings(_ methods: TicketSettings.Method...) -> TicketSettings {
    var s = TicketSettings()
    (s.methods, s.rounds, s.rate, s.rewindStep, s.patchEmbed) = (methods, 3, 0.5, 5, true)
    return s
  }

  /// A search, with `isStopped` asked at every step; its results.
  @discardableResult
  private func search(
    _ configuration: TrainingConfiguration, _ settings: TicketSettings,
    say: @escaping (String) -> Void = { _ in }, isStopped: @escaping () -> Bool = { false }
  ) throws -> TicketResults {
    let pool = WorkerPool(threads: configuration.threads ?? 2)
    var search = try TicketSearch(configuration, settings, pool: pool, say: say) {
      run, _, observer in
      var run = run
      run.threads = configuration.threads
      try Trainer(run).run(watching: &observer, { _ in }, isStopped: isStopped)
    }
    try search { _ in }
    return search.results
  }

  private func ticket(_ folder: String, _ name: String) throws -> Ticket {
    try Ticket(contentsOf: fixture.file("\(folder)/seed-0/\(name).safetensors").path)
  }

  private func bytes(_ folder: String, _ name: String) throws -> Data {
    try Data(contentsOf: fixture.file("\(folder)/seed-0/\(name).safetensors"))
  }

  /// All methods keep as many weights, to the weight; what is pruned is 0 after training, at first
  /// what the rewind step has is what is kept; and masks of rounds are nested.
  @Test func allMethods() throws {
    let results = try search(
      try configuration("all"), settings(.prac, .imp, .earlyBird, .random, .snip, .synflow))
    let prunable = try #require(results.entries.first).prunable
    let expected = GlobalCut.remainders(of: prunable, rate: 0.5, rounds: 3)
    let start = try SavedModel(contentsOf: fixture.file("all/seed-0/rewind.safetensors").path)
    for method in TicketSettings.Method.allCases {
      let last = try ticket("all", "\(method.rawValue)/ticket-3")
      #expect(last.log.kept == expected[3] && last.log.rewindStep == 5)
      #expect(results.entries.contains { $0.method == method && $0.trained != nil })
      let masks = try #require(last.saved.masks)
      #expect(masks.layers.reduce(0) { $0 + $1.kept } == expected[3], "\(method)")
      var kept = start.weights
      kept.apply(masks)
      #expect(last.saved.weights.values.map(\.elements) == kept.values.map(\.elements))
      let trained = try SavedModel(
        contentsOf: fixture.file("all/seed-0/\(method.rawValue)/trained-3/model.safetensors").path)
      for (mask, value) in zip(masks.values, trained.weights.values) {
        guard let mask else { continue }
        let pairs = zip(mask.elements, value.elements)
        #expect(pairs.allSatisfy { $0 == 1 || $1 == 0 } && pairs.contains { $1 != 0 })
      }
    }
    for method in ["prac", "imp"] {
      for round in 2...3 {
        let (a, b) = (
          try ticket("all", "\(method)/ticket-\(round - 1)").saved.masks!,
          try ticket("all", "\(method)/ticket-\(round)").saved.masks!
        )
        #expect(b.intersection(a).values.map { $0?.elements } == b.values.map { $0?.elements })
        #expect(b.layers.reduce(0) { $0 + $1.kept } == expected[round])
      }
    }
  }

  /// A round of prac trains on the set of the round before, for as many epochs as it is a part.
  @Test func roundsTrainOnTheirSets() throws {
    let results = try search(try configuration("prac"), settings(.prac))
    let entry = try #require(results.entries.first { $0.round == 3 })
    #expect(entry.rounds.count == 3 && entry.rounds[0].images == 256)
    for round in 1...2 {
      let set = try #require(try ticket("prac", "prac/ticket-\(round)").critical)
      let training = entry.rounds[round]
      #expect(training.images == set.indices.count && set.indices == set.indices.sorted())
      #expect(training.epochs == max(1, 4 * set.indices.count / 256))
      #expect(training.steps == training.epochs * ((set.indices.count + 39) / 40))
    }
    #expect(entry.steps == entry.rounds.reduce(0) { $0 + $1.steps })
    // At the first prune there is no pruned model to disagree, later there is.
    let log = try ticket("prac", "prac/ticket-3").log
    #expect(log.rounds[0].disagreeing == 0 && log.rounds.count == 3)
    #expect(log.rounds[1...].contains { $0.disagreeing ?? 0 > 0 })
    // Those of the first set are forgotten or never learned in the dense training.
    let first = try #require(try ticket("prac", "prac/ticket-1").critical)
    #expect(first.forgotten.allSatisfy { $0 > 0 } && first.indices.count < 256)
  }

  /// A search that is stopped again and again, and resumes with other threads, ends in the same
  /// bits as one that was left alone.
  @Test func goesOnToTheSameBits() throws {
    var s = settings(.prac, .imp)
    (s.earlyBird, s.retrain) = (0.9, [2, 3])
    try search(try configuration("whole"), s)
    var again = try configuration("parts")
    var (starts, polls) = (0, 0)
    while true {
      (starts, polls) = (starts + 1, 0)
      again.threads = 1 + starts % 3
      if starts > 1 { again.resume = "auto" }
      do {
        try search(
          again, s,
          isStopped: {
            polls += 1
            return polls % 29 == 0
          })
        break
      } catch is RunInterrupted {
        try #require(starts < 100)
      }
    }
    #expect(starts > 10)
    for method in ["prac", "imp"] {
      for name in ["ticket-1", "ticket-2", "ticket-3", "trained-2/model", "trained-3/model"] {
        let name = "\(method)/\(name)"
        #expect(try bytes("whole", name) == bytes("parts", name), "\(name)")
      }
    }
  }

  /// The same seed gives the same bits, another others.
  @Test func seeds() throws {
    var s = settings(.random)
    s.rewindStep = 0
    try search(try configuration("a"), s)
    s.seeds = 2
    let results = try search(try configuration("b"), s)
    #expect(try bytes("a", "random/ticket-3") == bytes("b", "random/ticket-3"))
    #expect(results.dense.keys.sorted() == [0, 1] && results.entries.count == 2)
    let other = try Ticket(
      contentsOf: fixture.file("b/seed-1/random/ticket-3.safetensors").path)
    let masks = try ticket("b", "random/ticket-3").saved.masks
    #expect(masks.flatMap { other.saved.masks?.jaccard($0) } ?? 1 < 0.9, "masks are drawn anew")
    #expect(results.entries.allSatisfy { $0.steps == 0 && $0.rounds.isEmpty })
  }

  /// A folder has one search, which may grow.
  @Test func anotherSearchInTheFolder() throws {
    var c = try configuration("run")
    var s = settings(.random)
    try search(c, s)
    func message(_ c: TrainingConfiguration, _ s: TicketSettings) throws -> String {
      let error = #expect(throws: TrainingError.self) { try search(c, s) }
      return error?.message ?? ""
    }
    #expect(try message(c, s).contains("there is a search in this folder already"))
    c.resume = "auto"
    (s.rounds, s.methods) = (4, [.random, .snip])
    #expect(try search(c, s).entries.map(\.round) == [4, 4])
    s.rate = 0.4
    #expect(try message(c, s).contains("the search there has other settings: rate is 0.4, and was"))
    (s.rate, c.lr) = (0.5, 1e-3)
    #expect(try message(c, s).contains("lr is 0.001, and was 0.005"))
  }

  /// The folder of a search may move, or be called otherwise; a ticket that is another is refused.
  @Test func aFolderThatMoved() throws {
    var (c, polls) = (try configuration("before"), 0)
    let s = settings(.prac)
    let left = try search(try configuration("left"), s)
    #expect(throws: RunInterrupted.self) {
      try search(
        c, s,
        isStopped: {
          polls += 1
          return polls == 60
        })
    }
    try FileManager.default.moveItem(at: fixture.file("before"), to: fixture.file("after"))
    (c.outputDir, c.resume) = (fixture.file("after").path + "/", "auto")
    #expect(
      try search(c, s).entries.map(\.trained?.accuracy) == left.entries.map(\.trained?.accuracy))
    #expect(try bytes("left", "prac/ticket-3") == bytes("after", "prac/ticket-3"))
    let run = fixture.file("after/seed-0/prac/trained-3").path
    var other = try TrainingConfiguration(contentsOf: "\(run)/config.yaml")
    (other.outputDir, other.resume) = (run, "auto")
    other.ticket = fixture.file("after/seed-0/prac/ticket-2.safetensors").path
    let error = #expect(throws: TrainingError.self) { try Trainer(other) }
    #expect(error?.message.contains("ticket-2.safetensors is another: it keeps") == true)
  }

  /// What would end in a message hours later is refused at once.
  @Test func refusedAtOnce() throws {
    func message(
      _ change: (inout TrainingConfiguration, inout TicketSettings) throws -> Void
    ) throws -> String {
      var (c, s) = (try configuration("refused"), settings(.prac))
      try change(&c, &s)
      let error = #expect(throws: TrainingError.self) { try search(c, s) }
      return error?.message ?? ""
    }
    #expect(try message { ($0.evalEvery, $1.earlyBird) = (2, 0.1) }.contains("early-bird needs 1"))
    #expect(try message { ($0.seed, $1.seeds) = (.max, 2) }.contains("there are no 2 seeds from"))
    try search(try configuration("found"), settings(.random))
    let ticket = fixture.file("found/seed-0/random/ticket-3.safetensors").path
    #expect(
      try message { c, _ in (c.finetune, c.localityStrength) = (ticket, 1) }
        .contains("are pruned, and a search prunes a whole model"))
    #expect(!FileManager.default.fileExists(atPath: fixture.file("refused").path))
    // The dense training ends before the step that weights are to go back to.
    #expect(
      try message { c, s in
        (c.earlyStop, c.lr, c.minLr, c.warmupLr, s.rewindStep) = (1, 1e-9, 1e-9, 1e-9, 28)
      }
      .contains("give an earlier --rewind-step"))
  }

  /// Of hard images those come first that were never right; of equal ones those with more loss. The
  /// last set of critical images is marked.
  @Test func hardImages() throws {
    var notes: [String] = []
    var (c, s) = (try configuration("hard"), settings(.prac))
    (c.mixup, s.seeds) = (0.2, 2)
    let results = try search(c, s, say: { notes.append($0) })
    let rows = results.hard.rows
    #expect(rows.count == 256 && rows.allSatisfy { $0.trainings == 2 })
    for (a, b) in zip(rows, rows.dropFirst()) {
      #expect((a.accuracy, -a.forgotten, -a.loss) <= (b.accuracy, -b.forgotten, -b.loss))
    }
    #expect(Set(rows.map(\.loss)).count > 200, "losses order what is equal otherwise")
    let sets = try (0...1).map {
      try PracSet(contentsOf: fixture.file("hard/seed-\($0)/prac/ticket-3.safetensors").path)
    }
    #expect(rows.reduce(0) { $0 + $1.critical } == sets.reduce(0) { $0 + $1.indices.count })
    #expect(notes.contains { $0.hasPrefix("mixup, cutmix: ") } && notes.count == 1)
  }

  /// Another architecture trains on the set; other data, and tickets without a set, are refused.
  @Test func setsForOtherArchitectures() throws {
    var c = try configuration("search")
    try search(c, settings(.prac, .random))
    let file = fixture.file("search/seed-0/prac/ticket-3.safetensors").path
    let set = try #require(try ticket("search", "prac/ticket-3").critical)
    c.outputDir = fixture.file("other").path
    (c.model, c.localUpToLayer, c.depth, c.pracSet) = ("deit_tiny_patch16_224", nil, 1, file)
    var images = 0
    try Trainer(c).run {
      if case .started(let summary) = $0 { images = summary.trainingImages }
    }
    #expect(images == set.indices.count)
    c.outputDir = fixture.file("third").path
    c.samplingRatio = 0.5
    var error = #expect(throws: TrainingError.self) { try Trainer(c) }
    #expect(error?.message.contains("were found among others: train: class") == true)
    c.samplingRatio = 1
    c.pracSet = fixture.file("search/seed-0/random/ticket-3.safetensors").path
    error = #expect(throws: TrainingError.self) { try Trainer(c) }
    #expect(error?.message.contains("no set of critical images") == true)
    (c.pracSet, c.ticket) = (nil, fixture.file("search/seed-0/rewind.safetensors").path)
    (c.model, c.localUpToLayer, c.depth) = ("convit_tiny", 1, 2)
    error = #expect(throws: TrainingError.self) { try Trainer(c) }
    #expect(error?.message.contains("not a ticket, as it has no masks") == true)
  }

  /// Rounds on another model's critical images are short; tickets train on all images.
  @Test func onTheSetOfAnotherModel() throws {
    var first = try configuration("first")
    (first.model, first.localUpToLayer) = ("deit_tiny_patch16_224", nil)
    try search(first, settings(.prac))
    let set = fixture.file("first/seed-0/prac/ticket-2.safetensors").path
    let critical = try #require(try Ticket(contentsOf: set).critical).indices
    var second = try configuration("second")
    second.pracSet = set
    let results = try search(second, settings(.imp))
    let (last, all) = try (#require(results.entries.last), #require(results.dense[0]).images)
    #expect(last.rounds.map(\.images) == [all, critical.count, critical.count])
    #expect(last.trained?.images == all && critical.count < all)
    second.resume = "auto"
    try search(second, settings(.imp))
    second.pracSet = fixture.file("first/seed-0/prac/ticket-1.safetensors").path
    #expect(throws: TrainingError.self) { try search(second, settings(.imp)) }
    #expect(throws: TrainingError.self) { try search(second, settings(.prac)) }
  }
}
