import Autodiff

/// One image to be loaded for a batch, and the random numbers for what is done to it.
public struct SampleRequest: Hashable, Sendable {
  /// The file.
  public let path: String
  /// The index of its class.
  public let label: Int
  /// Its index in the data set.
  public let index: Int
  /// The source for its transform; derive it from epoch and sample, and from nothing else.
  public let random: Random

  /// A request from its parts.
  public init(path: String, label: Int, index: Int, random: Random) {
    self.path = path
    self.label = label
    self.index = index
    self.random = random
  }

  /// A request for a sample of a folder.
  public init(_ sample: ImageFolder.Sample, random: Random) {
    self.init(path: sample.path, label: sample.label, index: sample.index, random: random)
  }
}

/// An image of a batch that could not be loaded: the file, and why.
public struct SampleError: Error, Sendable, CustomStringConvertible {
  /// The file.
  public let path: String
  /// The index of the sample in the data set.
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
