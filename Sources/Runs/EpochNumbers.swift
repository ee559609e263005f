/// The numbers of a line of `log.jsonl` as far as they are there: one that another version or the
/// reference wrote may lack some, or have `null` for one that was not finite.
package struct EpochNumbers: Decodable {
  /// The epoch, from 0.
  package let epoch: Int
  private let numbers: [EpochRecord.CodingKeys: Double]

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: EpochRecord.CodingKeys.self)
    epoch = try container.decode(Int.self, forKey: .epoch)
    var numbers: [EpochRecord.CodingKeys: Double] = [:]
    for key in EpochRecord.CodingKeys.allCases {
      numbers[key] = try container.decodeIfPresent(Double.self, forKey: key)
    }
    self.numbers = numbers
  }

  /// The number under a key.
  package subscript(key: EpochRecord.CodingKeys) -> Double? { numbers[key] }
}
