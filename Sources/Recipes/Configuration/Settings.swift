import Training

/// A part of a training's configuration: values with defaults, each under a name in configs that is
/// also that of a flag.
package protocol Settings: Hashable, Sendable, Codable {
  /// Throws what is wrong with the values, whatever the other parts say.
  func validate() throws(TrainingError)
}

extension Settings {
  /// The names of the values in configs, in their order.
  var keys: [String] { Mirror(reflecting: self).children.compactMap { $0.label?.kebabCase } }
}

// The name of a value in configs is that of its property with dashes.
extension String {
  /// "head-dim" of "headDim".
  var kebabCase: String { replacing(/[A-Z]/) { "-" + $0.output.lowercased() } }
  /// "headDim" of "head-dim".
  var camelCase: String { replacing(/-([a-z])/) { $0.output.1.uppercased() } }
}

/// A setting that is one word in flags and configs.
package protocol WordSetting: Hashable, Sendable, Codable, CustomStringConvertible {
  /// The value of a word; nil if it is none.
  init?(_ text: String)
  /// What is said of such a word: "is not a size such as 224 or 160x288".
  static var fault: String { get }
}

extension WordSetting {
  /// A value from its word; throws `DecodingError` if it is none.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let value = Self(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "'\(text)' \(Self.fault)")
    }
    self = value
  }

  /// Writes the word.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// Throws a usage error unless something holds.
func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(TrainingError) {
  if !condition { throw TrainingError(usage: message()) }
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
