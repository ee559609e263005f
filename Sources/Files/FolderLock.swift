import Foundation

/// A folder that one process at a time can hold, until the value or the process is gone.
package final class FolderLock: Sendable {
  private let descriptor: Int32

  /// Takes the folder at `path`. A file system without locks lets everyone have it.
  package init(_ path: String, holder: String = "another run") throws(FileError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, cannot: "open", code: errno) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
      close(descriptor)
      throw FileError(path: path, reason: "\(holder) is writing to this folder")
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }
}
