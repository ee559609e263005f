import Files
import Foundation

/// Why an image cannot be read or written, in one line: "path: reason".
public struct ImageError: PathError {
  package let path: String
  package let reason: String

  package init(path: String, reason: String) {
    (self.path, self.reason) = (path, reason)
  }

  /// What is added to the text of an error that did not keep the image from being read.
  package static let readAllTheSame = " (read all the same: no pixel is missing)"

  /// Whether a clip was found where an image was expected.
  package var isOfClip: Bool {
    ["GIF", ImageFormat.mediaName].contains {
      reason == "expected \(ImageFormat.readNames), found \($0)"
    }
  }

  /// Whether it is a JPEG with missing pixels, which a decoder with `isLenient` makes up.
  package var isOfDamagedJPEG: Bool { reason.hasPrefix("damaged ") && reason.contains("JPEG: ") }
}

/// A set of images on disk that cannot be used as it is: one line for the user, with the path.
public struct DatasetError: PathError {
  package let path: String
  package let reason: String

  /// An error at `path`, for the `reason` that one line gives.
  public init(path: String, reason: String) {
    (self.path, self.reason) = (path, reason)
  }

  /// The error that the system has just reported while it was `doing` something to `path`.
  init(path: String, cannot doing: String) {
    self.init(FileError(path: path, cannot: doing, code: errno))
  }
}

/// A setting of what is done to images that cannot be: numbers that cannot normalise, a text that
/// describes no augmentation policy.
public struct TransformError: Error, Hashable, CustomStringConvertible {
  /// What is wrong, with the values.
  public let description: String
}
