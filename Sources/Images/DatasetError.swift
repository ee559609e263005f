import Foundation

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
    self.init(path: path, reason: "cannot \(doing): \(String(cString: strerror(code)))")
  }

  /// "path: reason", with control characters escaped: names may hold line breaks.
  public var description: String { ImageError(path: path, reason: reason).description }
}
