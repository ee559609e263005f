import Autodiff

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
    (self.path, self.label, self.index) = (path, label, index)
  }

  /// What messages call it: its file, or "example 7".
  var name: String { path.isEmpty ? "example \(index)" : path }
}

/// One example to be read for a batch, and the random numbers for what is done to it.
public struct ExampleRequest: Hashable, Sendable {
  /// Which example.
  public let example: Example
  /// The source for what is random; derive it from epoch and example, and from nothing else.
  public let random: Random
  /// Where it is in the step that it is read for, if its batch is a part of one.
  package var place: Place?

  /// One of so many examples, from 0.
  package struct Place: Hashable, Sendable {
    let index, count: Int

    package init(_ index: Int, of count: Int) { (self.index, self.count) = (index, count) }
  }

  /// A request for an example.
  public init(_ example: Example, random: Random) {
    (self.example, self.random) = (example, random)
  }
}

/// An example of a batch that could not be read: which, and why.
public struct SampleError: Error, CustomStringConvertible {
  /// The file, or what else the example is called.
  package let path: String
  /// The index of the example in the data set.
  package let index: Int
  /// What went wrong.
  public let underlying: any Error

  /// One line with the path in it, once.
  public var description: String {
    switch underlying {
    case let error as ImageError where error.path == path: error.description
    case let error as DatasetError where error.path == path: error.description
    default: ImageError(path: path, reason: "\(underlying)").description
    }
  }
}
