import Foundation

/// A file that comes in pieces, over several runs if need be, and gets its name when it is whole.
///
/// Until then `.part` behind its path has the bytes so far, and `.part.json` a note about them. One
/// process at a time has it. Without bytes nothing is left behind.
package final class PartialFile {
  package let path: String
  /// Bytes that are there.
  package private(set) var size: Int
  private var file: AtomicFile

  /// Where the bytes are until the file is whole.
  package var temporary: String { path + ".part" }
  private var notePath: String { temporary + ".json" }

  package init(_ path: String) throws(FileError) {
    try AtomicFile.requireReplaceable(path)
    let temporary = path + ".part"
    let flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
    let descriptor = open(temporary, flags, 0o666)
    guard descriptor >= 0 else {
      throw FileError(path: path, cannot: "create '\(temporary)'", code: errno)
    }
    let file = AtomicFile(path: path, byteCount: 0, descriptor: descriptor, temporary: temporary)
    var status = stat()
    do throws(FileError) {
      try file.lock()
      guard fstat(descriptor, &status) == 0 else {
        throw FileError(path: path, cannot: "read '\(temporary)'", code: errno)
      }
    } catch {
      close(descriptor)
      throw error
    }
    (self.path, self.file, size) = (path, file, Int(status.st_size))
  }

  deinit {
    if size == 0 { discard() }
    close(file.descriptor)
  }

  /// Says how many bytes there will be, for the message of a full disk.
  package func expect(_ byteCount: Int) {
    file = AtomicFile(
      path: path, byteCount: byteCount, descriptor: file.descriptor, temporary: temporary)
  }

  package func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    do throws(FileError) {
      try file.write(bytes)
    } catch {
      // A part of the bytes may have been written; they do not count.
      ftruncate(file.descriptor, off_t(size))
      throw error
    }
    size += bytes.count
  }

  /// Starts over, without a note.
  package func removeAll() throws(FileError) {
    unlink(notePath)
    guard ftruncate(file.descriptor, 0) == 0 else {
      throw FileError(path: path, cannot: "write", code: errno)
    }
    size = 0
  }

  /// The note that an earlier run left; nil if there is none, or none that can be read.
  package var note: Data? {
    (try? RegularFile.contents(of: notePath, maxBytes: 1 << 16)).map { Data($0) }
  }

  package func setNote(_ note: Data) throws(FileError) {
    try AtomicFile.replace(notePath, by: Array(note), .passing)
  }

  /// Gives the file its name, in the place of one that has it, with all bytes on the disk.
  package func takePlace() throws(FileError) {
    try file.takePlace()
    unlink(notePath)
    try file.syncFolder()
  }

  /// Leaves nothing of it.
  package func discard() {
    unlink(temporary)
    unlink(notePath)
  }
}
