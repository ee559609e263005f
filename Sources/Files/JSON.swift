import Foundation

/// JSON as this package writes it.
package enum JSON {
  /// An encoder whose bytes follow from the value alone: keys in the order of the alphabet, slashes
  /// as they are, every value on a line of its own if it is to be pretty.
  package static func encoder(isPretty: Bool = false) -> JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
    return encoder
  }

  /// A value with its keys in lower case and underscores between words, as logs have them.
  package static func tableText(
    _ value: some Encodable, isPretty: Bool = false
  ) throws -> String {
    let encoder = encoder(isPretty: isPretty)
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  package static func text(_ value: some Encodable, isPretty: Bool = false) throws -> String {
    String(decoding: try encoder(isPretty: isPretty).encode(value), as: UTF8.self)
  }
}
