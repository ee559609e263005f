/// One example of a data set: which class it is of, and where it is.
public struct Example: Hashable, Sendable {
  /// The file; empty for an example that is in none, which its reader finds by its index.
  public let path: String
  /// The index of its class.
  public let label: Int
  /// Its place in the whole data set, which stays the same as long as the files do; a part of the
  /// set keeps it. What is drawn at random for an example depends on it.
  public let index: Int

  /// An example from its parts.
  public init(path: String = "", label: Int, index: Int) {
    self.path = path
    self.label = label
    self.index = index
  }

  /// What messages call it: its file, or "example 7".
  public var name: String { path.isEmpty ? "example \(index)" : path }
}
