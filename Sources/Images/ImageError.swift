import Files

/// Why an image cannot be read or written, in one line: "path: reason".
public struct ImageError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file, or the name given for bytes from elsewhere.
  public let path: String
  /// What was expected and what was found.
  public let reason: String

  /// An error about `path`.
  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  /// What is added to the text of an error that did not keep the image from being read.
  package static let readAllTheSame = " (read all the same: no pixel is missing)"

  /// Whether it is a JPEG with missing pixels, which a decoder with `isLenient` makes up.
  package var isOfDamagedJPEG: Bool { reason.hasPrefix("damaged ") && reason.contains("JPEG: ") }

  /// What stopped the reading or writing of a file.
  init(_ error: FileError) { self.init(path: error.path, reason: error.reason) }

  /// "path: reason", with control characters escaped: file names may hold newlines.
  public var description: String { FileError(path: path, reason: reason).description }
}
