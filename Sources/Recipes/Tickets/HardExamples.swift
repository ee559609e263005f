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
  }

  private var classes: [String] = []
  private var examples: [Int: (example: Example, counts: [Int], accuracies: [Double])] = [:]

  package init() {}

  init(_ counts: ForgettingCounts, in images: ImageFolder) {
    classes = images.classes
    for sample in images.samples {
      guard let count = counts[sample.index], let accuracy = counts.accuracy(of: sample.index)
      else { continue }
      examples[sample.index] = (sample, [count], [accuracy])
    }
  }

  /// Takes in those of a training with another seed.
  mutating func add(_ other: HardExamples) {
    if classes.isEmpty { classes = other.classes }
    examples.merge(other.examples) { ours, theirs in
      (ours.example, ours.counts + theirs.counts, ours.accuracies + theirs.accuracies)
    }
  }

  /// The hardest first; of equal ones those that were forgotten more often, then in the order of
  /// the data.
  package var rows: [Row] {
    let indexed = examples.map { index, entry -> (index: Int, row: Row) in
      let learned = entry.counts.filter { $0 != ForgettingCounts.neverLearned }
      let row = Row(
        path: entry.example.path, label: classes[entry.example.label],
        neverRight: entry.counts.count - learned.count, trainings: entry.counts.count,
        forgotten: Double(learned.reduce(0, +)) / Double(max(learned.count, 1)),
        accuracy: entry.accuracies.reduce(0, +) / Double(entry.accuracies.count))
      return (index, row)
    }
    return indexed.sorted { a, b in
      (a.row.accuracy, -a.row.forgotten, a.index) < (b.row.accuracy, -b.row.forgotten, b.index)
    }.map(\.row)
  }

  package var csv: String {
    let head = ["path", "label", "never_right", "trainings", "forgotten", "accuracy"]
    return CSV.table(
      [head]
        + rows.map { row in
          [
            CSV.cell(row.path), CSV.cell(row.label), "\(row.neverRight)", "\(row.trainings)",
            CSV.cell(row.forgotten), CSV.cell(row.accuracy),
          ]
        })
  }
}
