import Training

/// A part of a training's configuration: values with defaults, each with a name in configs.
///
/// All parts share one flat set of keys, that of the command's flags.
package protocol Settings: Hashable, Sendable, Codable {
  /// The names in configs.
  associatedtype CodingKeys: CodingKey & CaseIterable
  /// The defaults.
  init()
  /// Throws what is wrong with the values, whatever the other parts say.
  func validate() throws(TrainingError)
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
