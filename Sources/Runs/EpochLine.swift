/// An epoch's line with the reference's entries about heads, one for each layer.
package struct EpochLine: Encodable {
  private let record: EpochRecord
  private let entries: [String: [Double?]]

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// A line with `entries` beside the record's.
  package init(record: EpochRecord, entries: [String: [Double?]]) {
    (self.record, self.entries) = (record, entries)
  }

  package func encode(to encoder: any Encoder) throws {
    try record.encode(to: encoder)
    var container = encoder.container(keyedBy: Key.self)
    for (name, values) in entries { try container.encode(values, forKey: Key(stringValue: name)) }
  }
}
