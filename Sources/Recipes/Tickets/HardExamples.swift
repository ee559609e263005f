import Files
import Images
import Tickets

/// The images of a training, the hardest first: those that were never right, and those that were
/// right most seldom. Wrong labels are learned late, if at all.
package struct HardExamples: Sendable {
  package struct Row: Sendable, Hashable {
    package let path: String
    package let label: String
    /// Trainings in which it was never right, of how many.
    package let neverRight, trainings: Int
    /// How often it was forgotten, where it was ever right, and the share of its sightings in which
    /// it was right: means over trainings.
    package let forgotten, accuracy: Double
    /// Its loss, a mean over all sightings of each training, and then over trainings.
    package let loss: Double
    /// The last sets of critical images that it is in, one of each training at most.
    package let critical: Int
  }

  private struct Entry {
    let example: Example
    var counts: [Int]
    var accuracies, losses: [Double]
  }

  private var classes: [String] = []
  private var entries: [Int: Entry] = [:]
  private var sets: [UInt64: Set<Int>] = [:]  // of critical images, by seed

  package init() {}

  init(_ counts: ForgettingCounts, in images: ImageFolder) {
    classes = images.classes
    for sample in images.samples {
      guard let count = counts[sample.index], let accuracy = counts.accuracy(of: sample.index),
        let loss = counts.loss(of: sample.index)
      else { continue }
      entries[sample.index] = Entry(
        example: sample, counts: [count], accuracies: [accuracy], losses: [loss])
    }
  }

  /// Takes in those of a training with another seed.
  mutating func add(_ other: HardExamples) {
    if classes.isEmpty { classes = other.classes }
    entries.merge(other.entries) { ours, theirs in
      Entry(
        example: ours.example, counts: ours.counts + theirs.counts,
        accuracies: ours.accuracies + theirs.accuracies, losses: ours.losses + theirs.losses)
    }
  }

  /// Notes the critical images that a search with a seed has come to.
  mutating func note(critical indices: [Int], seed: UInt64) { sets[seed] = Set(indices) }

  /// The hardest first; of equal ones those that were forgotten more often, then those with the
  /// higher loss, then in the order of the data.
  package var rows: [Row] {
    // Sorted: the trainings come in any order where processes share a search.
    func mean(_ values: [Double]) -> Double {
      values.sorted().reduce(0, +) / Double(max(values.count, 1))
    }
    let indexed = entries.map { index, entry -> (index: Int, row: Row) in
      let learned = entry.counts.filter { $0 != ForgettingCounts.neverLearned }
      let row = Row(
        path: entry.example.path, label: classes[entry.example.label],
        neverRight: entry.counts.count - learned.count, trainings: entry.counts.count,
        forgotten: mean(learned.map(Double.init)), accuracy: mean(entry.accuracies),
        loss: mean(entry.losses), critical: sets.values.count { $0.contains(index) })
      return (index, row)
    }
    return indexed.sorted { a, b in
      (a.row.accuracy, -a.row.forgotten, -a.row.loss, a.index)
        < (b.row.accuracy, -b.row.forgotten, -b.row.loss, b.index)
    }.map(\.row)
  }

  /// A line for each row.
  package static func csv(_ rows: [Row]) -> String {
    let head = [
      "path", "label", "never_right", "trainings", "forgotten", "accuracy", "loss", "critical",
    ]
    return CSV.table(
      [head]
        + rows.map { row in
          [
            CSV.cell(row.path), CSV.cell(row.label), "\(row.neverRight)", "\(row.trainings)",
            CSV.cell(row.forgotten), CSV.cell(row.accuracy), CSV.cell(row.loss),
            "\(row.critical)",
          ]
        })
  }
}
