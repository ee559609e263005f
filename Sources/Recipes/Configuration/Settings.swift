import Files
import Foundation
import Training

/// A part of a training's configuration: values with defaults, each under a name in configs that is
/// also that of a flag. The help of the flag says what a value means (`convit train --help`), and a
/// comment beside the value only what the help does not.
package protocol Settings: Hashable, Sendable, Codable {
  func validate() throws(TrainingError)
}

extension Settings {
  /// The values by their names in configs, in their order.
  var values: [(key: String, value: Any)] {
    Mirror(reflecting: self).children.map { ($0.label?.kebabCase ?? "", $0.value) }
  }
}

// The name of a value in configs is that of its property with dashes.
extension String {
  /// "head-dim" of "headDim".
  package var kebabCase: String { replacing(/[A-Z]/) { "-" + $0.output.lowercased() } }
  /// "headDim" of "head-dim".
  var camelCase: String { replacing(/-([a-z])/) { $0.output.1.uppercased() } }
}

/// JSON by which settings are read and set by name. What the settings mean is checked afterwards,
/// so numbers that are not finite come through, as YAML's words for them.
package enum SettingsJSON {
  private static let words = (positive: ".inf", negative: "-.inf", nan: ".nan")

  package static var encoder: JSONEncoder {
    let encoder = JSON.encoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: words.positive, negativeInfinity: words.negative, nan: words.nan)
    return encoder
  }

  package static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: words.positive, negativeInfinity: words.negative, nan: words.nan)
    return decoder
  }

  /// JSON that is YAML, too: letters that YAML does not take as they are, such as line separators,
  /// are written by their numbers.
  package static func text(_ value: some Encodable) throws -> String {
    let text = String(decoding: try encoder.encode(value), as: UTF8.self)
    guard !text.utf8.allSatisfy({ $0 < 0x7F }) else { return text }
    return text.unicodeScalars.map { scalar in
      (0x7F...0xFFFF).contains(scalar.value)
        ? "\\u" + String(format: "%04x", scalar.value) : String(scalar)
    }.joined()
  }
}

/// Throws a usage error unless something holds.
func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(TrainingError) {
  if !condition { throw TrainingError(usage: message()) }
}

/// Throws a usage error about the first given value, which has no use, unless something holds.
func requireUse(
  _ condition: Bool, of given: KeyValuePairs<String, Bool>, _ message: (String) -> String
) throws(TrainingError) {
  for (key, isGiven) in given { try requireUse(of: key, condition || !isGiven, message(key)) }
}

/// Throws a usage error about a value without a use beside the others, unless something holds.
func requireUse(
  of key: String, _ condition: Bool, _ message: @autoclosure () -> String
) throws(TrainingError) {
  if !condition { throw TrainingError(unused: key, message()) }
}

/// Throws unless each count is from 1 to a million; those that were left out are 1.
func requireCounts(_ counts: KeyValuePairs<String, Int?>) throws(TrainingError) {
  for (name, count) in counts {
    let value = count ?? 1
    try require(value >= 1, "\(name) must be at least 1, found \(value)")
    try require(value <= 1_000_000, "\(name) must be at most 1000000, found \(value)")
  }
}
