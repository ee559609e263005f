import Files

/// A model that cannot be exported.
public struct ExportError: Error, Hashable, Sendable, CustomStringConvertible {
  let message: String

  init(_ message: String) { self.message = message }

  /// What was expected and what was found, on one line.
  public var description: String { message.printable(limit: 4096) }
}
