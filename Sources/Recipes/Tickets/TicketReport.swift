import DoubleNumerics
import Files
import Foundation
import Scores

/// The table of a search for tickets, as `tickets.json` has it.
package struct TicketReport: Encodable, Sendable {
  /// The tickets of a method and a round that were trained, over seeds.
  package struct Row: Codable, Sendable {
    /// `dense` for the models of which nothing is pruned.
    package let method: String
    /// 0 for them.
    package let round: Int
    package let kept, prunable: Int
    package let sparsity: Double
    /// Top-1 on `val/` in percent: of each seed, in their order, and the mean and deviation.
    package let accuracies: [Double]
    package let accuracy: Double
    package let deviation: Double?
    /// Steps and seconds of training to find a ticket, means over seeds; of the dense models, of
    /// their training.
    package let steps, seconds: Double
    /// These steps as a share of those of iterative magnitude pruning, if it was searched with.
    package let shareOfImp: Double?
    /// The probability that the mean accuracy is above that of random masks, by Welch's test; nil
    /// without random masks, and of fewer than two seeds.
    package let beatsRandom: Double?
    /// Images of each round as a share of all, means over seeds.
    package let shares: [Double]
  }

  package let rows: [Row]
  package let notes: [String]
  /// All tickets that were found, each with its trainings.
  package let tickets: [TicketResults.Entry]
  /// The models of which nothing is pruned, by seed.
  private let dense: [(seed: UInt64, training: TicketResults.Training)]

  private enum CodingKeys: String, CodingKey { case rows, notes, tickets }

  package init(_ results: TicketResults) {
    dense = results.dense.sorted { $0.key < $1.key }.map { (seed: $0.key, training: $0.value) }
    tickets = results.entries.sorted {
      ($0.round, $0.method.rawValue, $0.seed) < ($1.round, $1.method.rawValue, $1.seed)
    }
    let trained = tickets.filter { $0.trained != nil }
    var rows = Self.denseRows(results)
    for round in Set(trained.map(\.round)).sorted() {
      let ofRound = trained.filter { $0.round == round }
      for method in TicketSettings.Method.allCases {
        let entries = ofRound.filter { $0.method == method }
        if let row = Self.row(of: entries, among: ofRound) { rows.append(row) }
      }
    }
    self.rows = rows
    notes = Self.notes(rows)
  }

  private static func denseRows(_ results: TicketResults) -> [Row] {
    let dense = results.dense.sorted { $0.key < $1.key }.map(\.value)
    let accuracies = dense.map(\.accuracy)
    guard let accuracy = Statistics.mean(accuracies) else { return [] }
    let prunable = results.entries.first?.prunable ?? 0
    return [
      Row(
        method: "dense", round: 0, kept: prunable, prunable: prunable, sparsity: 0,
        accuracies: accuracies, accuracy: accuracy, deviation: Statistics.deviation(accuracies),
        steps: Statistics.mean(dense.map { Double($0.steps) }) ?? 0,
        seconds: Statistics.mean(dense.map(\.seconds)) ?? 0, shareOfImp: nil, beatsRandom: nil,
        shares: [1])
    ]
  }

  private static func row(
    of entries: [TicketResults.Entry], among all: [TicketResults.Entry]
  ) -> Row? {
    func accuracies(_ entries: [TicketResults.Entry]) -> [Double] {
      entries.compactMap { $0.trained?.accuracy }
    }
    func steps(_ entries: [TicketResults.Entry]) -> Double? {
      Statistics.mean(entries.map { Double($0.steps) })
    }
    guard let first = entries.first, let accuracy = Statistics.mean(accuracies(entries)),
      let ownSteps = steps(entries)
    else { return nil }
    let random = accuracies(all.filter { $0.method == .random })
    let isComparable = first.method != .random && random.count > 1 && entries.count > 1
    let rounds = entries.map(\.shares.count).min() ?? 0
    return Row(
      method: first.method.rawValue, round: first.round, kept: first.kept, prunable: first.prunable,
      sparsity: 1 - Double(first.kept) / Double(max(first.prunable, 1)),
      accuracies: accuracies(entries), accuracy: accuracy,
      deviation: Statistics.deviation(accuracies(entries)), steps: ownSteps,
      seconds: Statistics.mean(entries.map(\.seconds)) ?? 0,
      shareOfImp: steps(all.filter { $0.method == .imp }).map { ownSteps / max($0, 1) },
      beatsRandom: isComparable
        ? RankedScores([accuracies(entries), random]).probability(of: 0, beating: 1) : nil,
      shares: (0..<rounds).map { place in
        Statistics.mean(entries.map { $0.shares[place] }) ?? 0
      })
  }

  /// Where random masks are as good: a difference counts that holds with a probability of 0.975.
  private static func notes(_ rows: [Row]) -> [String] {
    let rounds = Set(rows.filter { $0.method == "random" }.map(\.round)).sorted()
    return rounds.flatMap { round -> [String] in
      let others = rows.filter { $0.round == round && $0.method != "random" }
      guard let sparsity = others.first?.sparsity else { return [] }
      let percent = String(format: "%.2f", 100 * sparsity)
      let compared = others.filter { $0.beatsRandom != nil }
      guard !compared.isEmpty else {
        return [
          "at \(percent) % there is one seed: nothing is known of chance, and so of random masks"
        ]
      }
      let within = compared.filter { (0.025...0.975).contains($0.beatsRandom ?? 0) }
      let worse = compared.filter { ($0.beatsRandom ?? 1) < 0.025 }
      func list(_ rows: [Row]) -> String { rows.map(\.method).joined(separator: ", ") }
      return [
        within.isEmpty
          ? nil : "at \(percent) % random masks are within the noise of: \(list(within))",
        worse.isEmpty ? nil : "at \(percent) % random masks are better than: \(list(worse))",
      ].compactMap(\.self)
    }
  }

  /// A line for each dense model and for each ticket.
  package var csv: String {
    let head = [
      "method", "seed", "round", "kept", "prunable", "sparsity", "accuracy", "steps", "seconds",
      "images",
    ]
    let prunable = tickets.first?.prunable ?? 0
    let models = dense.map { seed, training in
      [
        "dense", "\(seed)", "0", "\(prunable)", "\(prunable)", "0", CSV.cell(training.accuracy),
        "\(training.steps)", CSV.cell(training.seconds), "\(training.images)",
      ]
    }
    let lines = tickets.map { entry in
      [
        entry.method.rawValue, "\(entry.seed)", "\(entry.round)", "\(entry.kept)",
        "\(entry.prunable)", CSV.cell(1 - Double(entry.kept) / Double(max(entry.prunable, 1))),
        CSV.cell(entry.trained?.accuracy), "\(entry.steps)", CSV.cell(entry.seconds),
        entry.rounds.last.map { "\($0.images)" } ?? "",
      ]
    }
    return CSV.table([head] + models + lines)
  }
}
