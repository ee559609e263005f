import Files

/// A set of images on disk that cannot be used as it is: one line for the user, with the path.
public struct DatasetError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file or folder.
  public let path: String
  /// What is wrong with it and, where there is one, the way out.
  public let reason: String

  /// An error at `path`.
  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  /// The error that the system has just reported while it was `doing` something to `path`.
  init(path: String, cannot doing: String, errno code: Int32) {
    self.init(FileError(path: path, cannot: doing, code: code))
  }

  /// What stopped the reading or writing of a file.
  init(_ error: FileError) { self.init(path: error.path, reason: error.reason) }

  /// "path: reason", with control characters escaped: names may hold line breaks.
  public var description: String { FileError(path: path, reason: reason).description }
}
