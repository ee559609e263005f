import Autodiff
import Pruning
import Tickets
import Training

/// How tickets are searched for: what `convit ticket` asks beside the settings of a training.
package struct TicketSettings: Sendable, Hashable, Codable {
  /// Where masks come from.
  package enum Method: String, Sendable, Hashable, Codable, CaseIterable {
    case prac, imp
    case earlyBird = "early-bird"
    case random, snip, synflow

    /// Whether a mask is made of the one of the round before.
    var isIterative: Bool { self == .prac || self == .imp }
  }

  package var methods: [Method] = [.prac]
  package var rounds = 16
  /// The share of what is left that goes in a round.
  package var rate = 0.2
  /// Nil: the steps of three epochs.
  package var rewindStep: Int?
  /// ε of the early-bird test; nil: rounds end with their last epoch.
  package var earlyBird: Double?
  package var earlyBirdWarmup = 0
  package var scaling = RoundScaling.epochs
  /// The share of each layer that stays in any case, eight weights at least; 0: none.
  package var floor = 0.01
  package var seeds = 1
  /// The rounds whose tickets are trained on all images; nil: the last.
  package var retrain: [Int]?
  package var patchEmbed = false
  /// Images that SNIP looks at.
  package static let snipImages = 128
  /// ε of the method `early-bird` where none is given: the paper's.
  package static let earlyBirdLimit = 0.07

  package init() {}

  package func validate() throws(TrainingError) {
    try require(!methods.isEmpty, "method: none is given")
    try require((1...1000).contains(rounds), "rounds must be 1 to 1000, found \(rounds)")
    try require(rate > 0 && rate < 1, "rate must be between 0 and 1, found \(rate)")
    try require((rewindStep ?? 0) >= 0, "rewind-step must not be negative")
    if let earlyBird {
      try require(
        earlyBird > 0 && earlyBird < 1, "early-bird must be between 0 and 1, found \(earlyBird)")
      try require(
        methods.contains { $0 == .prac || $0 == .earlyBird },
        "early-bird is for the methods prac and early-bird")
    }
    try require(
      (0...1_000_000).contains(earlyBirdWarmup),
      "early-bird-warmup must be 0 to 1000000, found \(earlyBirdWarmup)")
    try require(
      earlyBirdWarmup == 0 || earlyBird != nil || methods.contains(.earlyBird),
      "early-bird-warmup needs early-bird")
    try require((0..<1).contains(floor), "floor must be in 0 ..< 1, found \(floor)")
    try require((1...1000).contains(seeds), "seeds must be 1 to 1000, found \(seeds)")
    for round in retrain ?? [] {
      try require(
        (1...rounds).contains(round),
        "retrain: there are tickets of rounds 1 to \(rounds), not of \(round)")
    }
  }

  /// The rounds whose tickets are trained, ascending.
  var retrained: [Int] { Set(retrain ?? [rounds]).sorted() }

  var cut: GlobalCut {
    GlobalCut(
      .prunable(patchEmbedding: patchEmbed),
      floor: floor == 0 ? .none : LayerFloor(share: floor))
  }

  func earlyBirdTest(always: Bool = false) -> EarlyBird? {
    let limit = earlyBird ?? (always ? Self.earlyBirdLimit : nil)
    return limit.map { EarlyBird(below: $0, warmup: earlyBirdWarmup) }
  }

  /// Whether a training may end before its last epoch.
  var endsEarly: Bool { earlyBird != nil || methods.contains(.earlyBird) }

  /// Without what may be another when a search is resumed: it adds to what is there.
  var fixed: TicketSettings {
    var fixed = self
    (fixed.methods, fixed.rounds, fixed.seeds, fixed.retrain) = ([.prac], 1, 1, nil)
    return fixed
  }

  /// What is another than it was in a search that is resumed, in words.
  func differences(from old: TicketSettings) -> [String] {
    func texts(_ settings: TicketSettings) -> KeyValuePairs<String, String> {
      [
        "rate": "\(settings.rate)",
        "rewind-step": settings.rewindStep.map { "\($0)" } ?? "that of three epochs",
        "early-bird": settings.earlyBird.map { "\($0)" } ?? "left out",
        "early-bird-warmup": "\(settings.earlyBirdWarmup)",
        "scaling": settings.scaling.rawValue, "floor": "\(settings.floor)",
        "patch-embed": "\(settings.patchEmbed)",
      ]
    }
    return zip(texts(self), texts(old)).compactMap { new, old in
      new.value == old.value ? nil : "\(new.key) is \(new.value), and was \(old.value)"
    }
  }
}

extension TrainingConfiguration {
  /// What a search asks for where nothing else is said: what an example is answered in training is
  /// about this example, and short rounds have a whole schedule.
  package var forTickets: TrainingConfiguration {
    var training = self
    (training.repeatedAug, training.mixup, training.cutmix) = (false, 0, 0)
    training.schedOnUpdates = true
    return training
  }

  /// What makes counts of forgetting say little about an image.
  var notesOnForgetting: [String] {
    [
      loss.mixes
        ? "mixup, cutmix: images are mixed, and what a mixture is answered says little of which "
          + "image is hard; --mixup 0 --cutmix 0 asks each by itself" : nil,
      data.repeatedAug
        ? "repeated-aug: an epoch does not visit every image, and what is not visited counts as "
          + "never right; --no-repeated-aug visits every one" : nil,
    ].compactMap(\.self)
  }
}
