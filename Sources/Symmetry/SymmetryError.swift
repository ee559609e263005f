/// A request that a group, an image or a model does not fit.
public struct SymmetryError: Error, Sendable, CustomStringConvertible {
  /// What was found and what was expected.
  public let description: String

  init(_ description: String) { self.description = description }
}
