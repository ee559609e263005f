import Foundation

/// Why a file or a folder cannot be read or written, in one line: "path: reason".
///
/// Public libraries turn it into an error of their own.
package struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file or folder.
  package let path: String
  /// What was expected and what was found.
  package let reason: String

  /// An error about `path`.
  package init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  /// An error from the number that the system left in `errno`: "cannot open: Permission denied".
  package init(path: String, cannot action: String, code: Int32) {
    self.init(path: path, reason: "cannot \(action): \(String(cString: strerror(code)))")
  }

  /// "path: reason", on one line whatever the path contains.
  package var description: String {
    "\(path.printable(limit: 4096)): \(reason.printable(limit: 4096))"
  }
}
