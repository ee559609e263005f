import Autodiff

/// One example to be read for a batch, and the random numbers for what is done to it.
public struct ExampleRequest: Hashable, Sendable {
  /// Which example.
  public let example: Example
  /// The source for what is random; derive it from epoch and example, and from nothing else.
  public let random: Random

  /// A request for an example.
  public init(_ example: Example, random: Random) {
    self.example = example
    self.random = random
  }

  /// The file; empty for an example that is in none.
  public var path: String { example.path }
  /// The index of its class.
  public var label: Int { example.label }
  /// Its index in the data set.
  public var index: Int { example.index }
}

/// An example of a batch that could not be read: which, and why.
public struct SampleError: Error, Sendable, CustomStringConvertible {
  /// The file, or what else the example is called.
  public let path: String
  /// The index of the example in the data set.
  public let index: Int
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
