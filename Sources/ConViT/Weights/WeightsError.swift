import Files

/// Why a weights file is not the weights of a model.
public struct WeightsError: Error, Sendable, CustomStringConvertible {
  /// The file.
  public let path: String
  /// What was expected and what was found.
  public let reason: String

  /// An error about the file at `path`.
  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  /// `path: reason`, on one line whatever the file contains.
  public var description: String {
    "\(path.printable(limit: 4096)): \(reason.printable(limit: 4096))"
  }
}
