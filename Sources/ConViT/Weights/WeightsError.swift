import Files

/// Why a weights file is not the weights of a model.
public struct WeightsError: Error, Sendable, CustomStringConvertible {
  package let path: String
  package let reason: String

  package init(path: String, reason: String) { (self.path, self.reason) = (path, reason) }

  /// The file, what was expected and what was found, on one line whatever the file contains.
  public var description: String {
    "\(path.printable(limit: 4096)): \(reason.printable(limit: 4096))"
  }
}
