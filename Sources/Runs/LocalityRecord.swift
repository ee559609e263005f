import Locality

/// A line of `locality.jsonl`.
package struct LocalityRecord: Sendable, Codable, Hashable {
  /// Epochs that were trained before; 0 at the start.
  package let epochs: Int
  /// How local the attention was.
  package let report: LocalityReport

  /// A line from a measurement.
  package init(epochs: Int, report: LocalityReport) {
    (self.epochs, self.report) = (epochs, report)
  }
}
