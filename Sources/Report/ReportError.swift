import Files

/// Why a page cannot be made.
package struct ReportError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file or folder.
  package let path: String
  /// What is the matter with it.
  package let reason: String

  init(path: String, reason: String) { (self.path, self.reason) = (path, reason) }

  /// What stopped the reading of a file.
  init(_ error: FileError) { self.init(path: error.path, reason: error.reason) }

  /// "runs/first: no log.jsonl: not the folder of a run"
  package var description: String { FileError(path: path, reason: reason).description }
}
