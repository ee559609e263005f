import Foundation

/// An error about a file or a folder in one line: "path: reason".
package protocol PathError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file or folder, or the name given for bytes from elsewhere.
  var path: String { get }
  /// What was expected and what was found.
  var reason: String { get }
  init(path: String, reason: String)
}

extension PathError {
  /// An error of another kind about the same.
  package init(_ error: FileError) { self.init(path: error.path, reason: error.reason) }

  /// "path: reason", on one line whatever the path contains.
  public var description: String {
    "\(path.printable(limit: 4096)): \(reason.printable(limit: 4096))"
  }
}

/// Why a file or folder cannot be read or written; public libraries have errors of their own.
package struct FileError: PathError {
  package let path: String
  package let reason: String

  package init(path: String, reason: String) {
    (self.path, self.reason) = (path, reason)
  }

  /// An error from the number that the system left in `errno`: "cannot open: Permission denied".
  package init(path: String, cannot action: String, code: Int32) {
    self.init(path: path, reason: "cannot \(action): \(String(cString: strerror(code)))")
  }
}
