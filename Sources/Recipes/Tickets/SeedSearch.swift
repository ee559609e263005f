import Autodiff
import ConViT
import Files
import Foundation
import Pruning
import Tickets
import Training

/// The search with one seed: its dense training, and each method's rounds and tickets.
struct SeedSearch {
  private let search: TicketSearch
  private let ground: TicketGround
  let folder: String  // below that of the search
  private let rewindStep: Int
  private var trained: [String: TicketResults.Training] = [:]  // by folder, in this start

  private var settings: TicketSettings { search.settings }
  private var seed: UInt64 { ground.configuration.seed }
  private func path(_ name: String) -> String { "\(search.folder)/\(name)" }

  init(_ search: TicketSearch, _ ground: TicketGround) throws {
    (self.search, self.ground) = (search, ground)
    folder = "seed-\(ground.configuration.seed)"
    let epochs = ground.configuration.totalEpochs
    let perEpoch = ground.stepsPerEpoch(of: ground.indices.count)
    rewindStep = search.settings.rewindStep ?? perEpoch * min(3, epochs)
    guard rewindStep <= perEpoch * epochs else {
      throw TrainingError(
        usage: "rewind-step is \(rewindStep), but the dense training has \(perEpoch * epochs) steps"
      )
    }
  }

  private var rewindFile: String { path("\(folder)/rewind.safetensors") }

  /// The training that is round 0 of all methods, or of one that ends early.
  private func denseWatch(keeping count: Int, _ earlyBird: EarlyBird?) -> TicketWatch {
    let (file, ground) = (rewindFile, ground)
    return TicketWatch(
      over: ground.indices, keeping: count, of: nil, by: ground.cut, earlyBird: earlyBird,
      rewind: .init(after: rewindStep) { try ground.saved($0).write(to: file) })
  }

  /// Searches, and adds what it finds to `results`; `report` is called when there is something new.
  mutating func run(
    _ results: inout TicketResults, _ report: (TicketResults) throws -> Void
  ) throws {
    let dense = try train(
      ground.configuration, "\(folder)/dense",
      denseWatch(keeping: ground.count(after: 1), nil))
    guard let watch = dense.watch else { fatalError("SeedSearch: the dense training has no watch") }
    guard FileManager.default.fileExists(atPath: rewindFile) else {
      throw TrainingError(
        "\(path("\(folder)/dense")): the training ended after \(dense.outcome.steps) steps, before "
          + "step \(rewindStep), which weights are to go back to; give an earlier --rewind-step")
    }
    results.add(dense: dense.outcome, seed: seed)
    results.add(HardExamples(watch.forgetting, in: ground.data.training), seed: seed)
    try report(results)
    for method in settings.methods {
      switch method {
      case .prac, .imp: try rounds(of: method, watch, dense.outcome, &results, report)
      case .earlyBird, .random, .snip, .synflow: try single(method, dense.outcome, &results, report)
      }
    }
  }

  private mutating func train(
    _ configuration: TrainingConfiguration, _ name: String, _ watch: TicketWatch?
  ) throws -> (watch: TicketWatch?, outcome: TicketResults.Training) {
    let result = try search.train(configuration, in: name, watching: watch)
    trained[name] = result.outcome
    return result
  }

  // MARK: - Rounds

  /// Prunes and trains in turn; every ticket is of the one before.
  private mutating func rounds(
    of method: TicketSettings.Method, _ denseWatch: TicketWatch,
    _ dense: TicketResults.Training, _ results: inout TicketResults,
    _ report: (TicketResults) throws -> Void
  ) throws {
    let place = "\(folder)/\(method.rawValue)"
    _ = try OutputFolder(path(place))
    var (watch, training, name) = (denseWatch, dense, "\(folder)/dense")
    let earlyBird = method == .prac ? settings.earlyBirdTest() : nil
    if earlyBird != nil {
      name = "\(place)/round-0"
      (watch, training) = try round(
        ground.configuration, name, self.denseWatch(keeping: ground.count(after: 1), earlyBird))
    }
    let first = name
    var denseAnswers: [Int: Int]?
    var (ticket, found): (Ticket?, [TicketResults.Training]) = (nil, [])
    for number in 1...settings.rounds {
      if number > 1, let last = ticket {
        let file = path("\(place)/ticket-\(number - 1).safetensors")
        let critical = last.critical.map { (set: $0, file: file) } ?? ground.given
        let images = critical?.set.indices ?? ground.indices
        let length = settings.scaling.length(part: images.count, of: ground.indices.count)
        name = "\(place)/\(critical == nil ? "trained" : "round")-\(number - 1)"
        (watch, training) = try round(
          ground.configuration.training(ticket: file, onSet: critical?.file, for: length), name,
          TicketWatch(
            over: images, keeping: ground.count(after: number), of: last.saved.masks,
            by: ground.cut, earlyBird: earlyBird))
      }
      found.append(training)
      let file = path("\(place)/ticket-\(number).safetensors")
      if FileManager.default.fileExists(atPath: file) {
        ticket = try Ticket(contentsOf: file)
      } else {
        var critical: CriticalExamples?
        if method == .prac {
          if number > 1, denseAnswers == nil {
            denseAnswers = try ground.answers(ofModelIn: path("\(first)/best.safetensors"))
          }
          critical = CriticalExamples(
            watch.forgetting, dense: number > 1 ? denseAnswers ?? [:] : [:],
            pruned: number > 1
              ? try ground.answers(ofModelIn: path("\(name)/best.safetensors")) : [:])
        }
        let next = try self.ticket(
          method, number, after: ticket, watch, training, critical)
        try next.write(to: file)
        ticket = next
      }
      if let ticket { note(ticket) }
      if let ticket { results.add(found, round: number, of: ticket, after: dense) }
      if let set = ticket?.critical { results.note(critical: set.indices, seed: seed) }
      try report(results)
      if settings.retrained.contains(number) { try retrain(method, number, &results, report) }
    }
  }

  private mutating func round(
    _ configuration: TrainingConfiguration, _ name: String, _ watch: TicketWatch
  ) throws -> (TicketWatch, TicketResults.Training) {
    let (watch, outcome) = try train(configuration, name, watch)
    guard let watch else { fatalError("SeedSearch: a round without a watch") }
    return (watch, outcome)
  }

  /// The ticket that a round leaves.
  private func ticket(
    _ method: TicketSettings.Method, _ number: Int, after last: Ticket?, _ watch: TicketWatch,
    _ training: TicketResults.Training, _ critical: CriticalExamples?
  ) throws -> Ticket {
    guard let masks = watch.candidate else {
      throw TrainingError("\(training.folder): the round has no epoch, and so no mask")
    }
    var log = log(method, number, masks)
    log.rounds = last?.log.rounds ?? []
    let isEmpty = critical?.all.isEmpty ?? false
    log.rounds.append(
      Ticket.Round(
        images: training.images, of: ground.indices.count, epochs: training.epochs,
        steps: training.steps, distances: watch.distances,
        forgotten: critical?.byForgetting.count, disagreeing: critical?.byDisagreement.count,
        foundNone: isEmpty ? true : nil))
    var set: PracSet?
    if let critical {
      let before = last?.critical?.indices ?? ground.indices
      let indices = isEmpty ? before : critical.all
      set = PracSet(
        indices: indices, forgotten: indices.map { watch.forgetting[$0] ?? -1 },
        of: ground.data.training)
    }
    return Ticket(try SavedModel(contentsOf: rewindFile), masks, critical: set, log: log)
  }

  private func log(
    _ method: TicketSettings.Method, _ number: Int, _ masks: ParameterMasks
  ) -> Ticket.Log {
    Ticket.Log(
      method: method, seed: seed, round: number, rewindStep: rewindStep,
      kept: ground.cut.remaining(in: ground.tree, within: masks), prunable: ground.remaining[0],
      emptyLayers: masks.emptyLayers, rounds: [])
  }

  private func note(_ ticket: Ticket) {
    let log = ticket.log
    let place = "seed \(log.seed), \(log.method.rawValue), round \(log.round)"
    if let first = log.emptyLayers.first {
      let others = log.emptyLayers.count - 1
      search.tell(
        "\(place): nothing is left of \(first)" + (others > 0 ? " and \(others) more" : "")
          + ": what comes behind sees no image; a --floor keeps some of each layer")
    }
    if log.rounds.last?.foundNone == true {
      search.tell("\(place): no image is critical; the set of the round before is kept")
    }
  }

  // MARK: - Masks without rounds

  private mutating func single(
    _ method: TicketSettings.Method, _ dense: TicketResults.Training,
    _ results: inout TicketResults, _ report: (TicketResults) throws -> Void
  ) throws {
    let place = "\(folder)/\(method.rawValue)"
    _ = try OutputFolder(path(place))
    var training: TicketResults.Training?
    if method == .earlyBird {
      let count = ground.count(after: settings.rounds)
      training = try round(
        ground.configuration, "\(place)/round-0",
        denseWatch(keeping: count, settings.earlyBirdTest(always: true))
      ).1
    }
    for number in settings.retrained {
      let file = path("\(place)/ticket-\(number).safetensors")
      var ticket: Ticket
      if FileManager.default.fileExists(atPath: file) {
        ticket = try Ticket(contentsOf: file)
      } else {
        let start = try SavedModel(contentsOf: rewindFile)
        let masks = try self.masks(method, ground.count(after: number), start)
        var log = log(method, number, masks)
        if let training {
          log.rounds = [
            Ticket.Round(
              images: training.images, of: ground.indices.count, epochs: training.epochs,
              steps: training.steps, distances: [])
          ]
        }
        ticket = Ticket(start, masks, critical: nil, log: log)
        try ticket.write(to: file)
      }
      note(ticket)
      results.add([training].compactMap(\.self), round: number, of: ticket, after: dense)
      try report(results)
      try retrain(method, number, &results, report)
    }
  }

  private func masks(
    _ method: TicketSettings.Method, _ count: Int, _ start: SavedModel
  ) throws -> ParameterMasks {
    let (cut, weights) = (ground.cut, start.weights)
    switch method {
    case .random:
      return cut.masks(keeping: count, of: weights, by: PruningRule(.random, seed: seed))
    case .snip:
      let batch = try ground.batch(of: TicketSettings.snipImages)
      var rule = PruningRule(.taylor)
      rule.gradients = Gradients(
        ofLoss: start.model, weights, examples: batch.inputs, labels: batch.labels)
      return cut.masks(keeping: count, of: weights, by: rule)
    case .synflow: return cut.synFlow(keeping: count, of: start.model, weights)
    case .earlyBird, .prac, .imp:
      let place = "\(folder)/\(method.rawValue)/round-0/model.safetensors"
      return cut.masks(
        keeping: count, of: try SavedModel(contentsOf: path(place)).weights,
        by: PruningRule(.magnitude))
    }
  }

  /// Trains a ticket on all images.
  private mutating func retrain(
    _ method: TicketSettings.Method, _ number: Int, _ results: inout TicketResults,
    _ report: (TicketResults) throws -> Void
  ) throws {
    let place = "\(folder)/\(method.rawValue)"
    let file = path("\(place)/ticket-\(number).safetensors")
    let name = "\(place)/trained-\(number)"
    var watch: TicketWatch?
    if method == .imp, ground.given == nil {  // of which it is a round
      watch = TicketWatch(
        over: ground.indices, keeping: ground.count(after: number + 1),
        of: try Ticket(contentsOf: file).saved.masks, by: ground.cut)
    }
    let outcome = try train(
      ground.configuration.training(
        ticket: file, onSet: nil, for: RoundScaling.iterations.length(part: 1, of: 1)),
      name, watch
    ).outcome
    results.add(trained: outcome, of: method, round: number, seed: seed)
    try report(results)
  }
}
