import Foundation

/// A folder that one process at a time can hold, until the value or the process is gone. A file
/// system without locks lets everyone have it.
package final class FolderLock: Sendable {
  private static let file = ".lock"

  private let descriptor: Int32

  /// Takes the folder at `path` among the processes of this computer.
  package init(_ path: String, holder: String = "another run") throws(FileError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, cannot: "open", code: errno) }
    guard Self.take(descriptor, LOCK_EX | LOCK_NB) else {
      close(descriptor)
      throw FileError(path: path, reason: "\(holder) is writing to this folder")
    }
    self.descriptor = descriptor
  }

  /// Takes the folder at `path`, which is made if it is not there, among the processes of all
  /// computers that share it; nil if another has it, unless one `waits` for that.
  ///
  /// What is locked is a file in it, which stays there: NFS keeps the locks of folders to one
  /// computer. A lock of the other kind may be had beside it.
  package init?(sharing path: String, waits: Bool = false) throws(FileError) {
    _ = try OutputFolder(path)
    let file = "\(path)/\(Self.file)"
    let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError(path: file, cannot: "open", code: errno) }
    guard Self.take(descriptor, waits ? LOCK_EX : LOCK_EX | LOCK_NB) else {
      close(descriptor)
      return nil
    }
    self.descriptor = descriptor
    // NFS remembers for a while which files are not there, but looks again when a folder is opened.
    let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if folder >= 0 { close(folder) }
  }

  /// Whether a process has the folder at `path` among those that share it.
  package static func isHeld(sharing path: String) -> Bool {
    let descriptor = open("\(path)/\(file)", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return !take(descriptor, LOCK_SH | LOCK_NB)
  }

  /// False if another has it.
  private static func take(_ descriptor: Int32, _ operation: Int32) -> Bool {
    while flock(descriptor, operation) != 0 {
      guard errno == EINTR else { return errno != EWOULDBLOCK }
    }
    return true
  }

  deinit { close(descriptor) }
}
