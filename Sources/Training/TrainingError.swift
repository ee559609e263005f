import Files

/// Why a training run was not started or had to stop.
public struct TrainingError: Error, Sendable, CustomStringConvertible {
  /// Whether the request itself was wrong, found before any data is touched.
  package let isUsage: Bool
  /// The key of a value that has no use beside the others, if that is what is wrong.
  package private(set) var unusedKey: String?
  /// What was expected and what was found.
  public let message: String

  package init(usage message: String) { (isUsage, self.message) = (true, message) }
  package init(unused key: String, _ message: String) {
    self.init(usage: message)
    unusedKey = key
  }
  package init(_ message: String) { (isUsage, self.message) = (false, message) }

  /// What stopped the reading or writing of a file.
  package init(_ error: FileError) { self.init("\(error.path): \(error.reason)") }

  /// The message, on one line whatever the config contains.
  public var description: String { message.printable(limit: 4096) }
}
