import Tickets

/// What a search for tickets has found so far.
package struct TicketResults: Sendable {
  /// A training of the search.
  package struct Training: Codable, Sendable, Hashable {
    /// Its run, below the folder of the search.
    package let folder: String
    package let images, epochs, steps: Int
    /// Of training, without evaluations.
    package let seconds: Double
    /// Top-1 in percent after its last epoch.
    package let accuracy: Double
  }

  /// A ticket of a method, a round and a seed.
  package struct Entry: Codable, Sendable, Hashable {
    package let method: TicketSettings.Method
    package let round: Int
    package let seed: UInt64
    package let kept, prunable: Int
    /// Steps and seconds of training that led to it: of all rounds, or as far as the weights that
    /// it starts from, and the ends of early-bird's training.
    package let steps: Int
    package let seconds: Double
    /// The trainings among them.
    package let rounds: [Training]
    /// Images of each, as a share of all.
    package let shares: [Double]
    /// The training of the ticket on all images, if it was asked for and has ended.
    package var trained: Training?
  }

  package private(set) var dense: [UInt64: Training] = [:]
  package private(set) var entries: [Entry] = []
  package private(set) var hard = HardExamples()
  private var hardSeeds: Set<UInt64> = []

  mutating func add(dense training: Training, seed: UInt64) { dense[seed] = training }

  mutating func add(_ examples: HardExamples, seed: UInt64) {
    guard hardSeeds.insert(seed).inserted else { return }
    hard.add(examples)
  }

  /// Notes the critical images that a search with a seed has come to.
  mutating func note(critical indices: [Int], seed: UInt64) {
    hard.note(critical: indices, seed: seed)
  }

  mutating func add(
    _ rounds: [Training], round: Int, of ticket: Ticket, after dense: Training
  ) {
    let (log, all) = (ticket.log, dense.images)
    let isShort = rounds.isEmpty  // the weights of a step alone were needed
    let part = Double(log.rewindStep) / Double(max(dense.steps, 1))
    entries.removeAll { $0.method == log.method && $0.round == round && $0.seed == log.seed }
    entries.append(
      Entry(
        method: log.method, round: round, seed: log.seed, kept: log.kept, prunable: log.prunable,
        steps: isShort ? log.rewindStep : rounds.reduce(0) { $0 + $1.steps },
        seconds: isShort ? dense.seconds * part : rounds.reduce(0) { $0 + $1.seconds },
        rounds: rounds, shares: rounds.map { Double($0.images) / Double(max(all, 1)) }))
  }

  /// Notes the training of a ticket that was added before.
  mutating func add(
    trained: Training, of method: TicketSettings.Method, round: Int, seed: UInt64
  ) {
    let place = entries.firstIndex {
      $0.method == method && $0.round == round && $0.seed == seed
    }
    if let place { entries[place].trained = trained }
  }
}
