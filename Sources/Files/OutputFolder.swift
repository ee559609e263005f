import Foundation

/// A folder that a command writes its results to; it is made if it is not there.
package struct OutputFolder: Sendable {
  private let path: String

  package init(_ path: String) throws(FileError) {
    self.path = path
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      let code = errno
      guard !FileManager.default.fileExists(atPath: path) else {
        throw FileError(path: path, reason: "cannot make the folder: a file has its name")
      }
      throw FileError(path: path, cannot: "make the folder", code: code)
    }
  }

  /// Writes a file whole, in the place of one that is there.
  package func write(_ text: String, to name: String) throws(FileError) {
    try AtomicFile.replace("\(path)/\(name)", by: Array(text.utf8))
  }
}
