/// An epoch's line with the reference's entries about heads, one for each layer, and why the run
/// ends with it if that is before its time.
package struct EpochLine: Encodable {
  private let record: EpochRecord
  private let entries: [String: [Double?]]
  private let ended: String?

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// A line with `entries` and `ended` beside the record's.
  package init(record: EpochRecord, entries: [String: [Double?]], ended: String?) {
    (self.record, self.entries, self.ended) = (record, entries, ended)
  }

  package func encode(to encoder: any Encoder) throws {
    try record.encode(to: encoder)
    var container = encoder.container(keyedBy: Key.self)
    try container.encodeIfPresent(ended, forKey: Key(stringValue: "ended"))
    for (name, values) in entries { try container.encode(values, forKey: Key(stringValue: name)) }
  }
}
