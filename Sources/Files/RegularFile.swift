import Foundation

/// A regular file that is open for reading, at any offset and from any thread.
///
/// Nothing waits on a pipe or reads a device. The file stays open, so that one that is replaced by
/// a rename is read to the end as it was. It is not mapped into memory: a mapped file that somebody
/// shortens ends the process.
package final class RegularFile: Sendable {
  package let path: String
  /// Bytes in the file when it was opened.
  package let size: Int
  private let descriptor: Int32

  /// Opens the file at `path`; an error says what it should be.
  package init(reading path: String, expected: String = "a regular file") throws(FileError) {
    try requireNoZeroByte(path)
    var status = stat()
    // Looked at before it is opened as well as after: opening a pipe already wakes its writer.
    guard stat(path, &status) == 0 else {
      throw FileError(path: path, cannot: "open", code: errno)
    }
    try Self.requireRegular(status, path, expected)
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { throw FileError(path: path, cannot: "open", code: errno) }
    do throws(FileError) {
      guard fstat(descriptor, &status) == 0 else {
        throw FileError(path: path, cannot: "open", code: errno)
      }
      try Self.requireRegular(status, path, expected)
    } catch {
      close(descriptor)
      throw error
    }
    self.path = path
    self.size = Int(status.st_size)
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  private static func requireRegular(
    _ status: stat, _ path: String, _ expected: String
  ) throws(FileError) {
    guard let kind = kindIfSpecial(status) else { return }
    throw FileError(path: path, reason: "expected \(expected), found \(kind)")
  }

  package func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(FileError) {
    let count = try fill(buffer, at: offset)
    guard count == buffer.count else {
      throw FileError(
        path: path,
        reason: "the file now ends at byte \(offset + count), it had \(size) bytes when opened")
    }
  }

  /// The bytes from `offset`; `count` has been checked against the size of the file.
  package func bytes(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
    try array(count) { (buffer) throws(FileError) in
      try read(into: buffer, at: offset)
      return count
    }
  }

  /// All bytes, if they are still as many as there were.
  package func contents() throws(FileError) -> [UInt8] {
    // One byte of room above the size shows a file that grew.
    let bytes = try array(size + 1) { (buffer) throws(FileError) in try fill(buffer, at: 0) }
    guard bytes.count == size else {
      let found = bytes.count < size ? "\(bytes.count)" : "more"
      throw FileError(
        path: path, reason: "changed while it was read: expected \(size) bytes, found \(found)")
    }
    return bytes
  }

  /// At most `capacity` bytes: as many as `read` says that it has read.
  private func array(
    _ capacity: Int, _ read: (UnsafeMutableRawBufferPointer) throws(FileError) -> Int
  ) throws(FileError) -> [UInt8] {
    var failure: FileError?
    let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
      do throws(FileError) {
        count = try read(UnsafeMutableRawBufferPointer(buffer))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Reads until `buffer` is full or the file ends, and returns the number of bytes.
  private func fill(
    _ buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(FileError) -> Int {
    var done = 0
    while done < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw FileError(path: path, cannot: "read", code: errno) }
      if count == 0 { break }
      done += count
    }
    return done
  }
}

extension RegularFile {
  package static func contents(of path: String, maxBytes: Int) throws(FileError) -> [UInt8] {
    let file = try RegularFile(reading: path)
    guard file.size <= maxBytes else {
      throw FileError(path: path, reason: "\(file.size) bytes is over the limit of \(maxBytes)")
    }
    return try file.contents()
  }

  /// The first bytes of a file, fewer if it is shorter; nil if it cannot be read.
  package static func head(of path: String, count: Int) -> [UInt8]? {
    guard let file = try? RegularFile(reading: path) else { return nil }
    return try? file.bytes(at: 0, count: min(count, file.size))
  }
}

/// Throws for a path that the system would see only the beginning of.
func requireNoZeroByte(_ path: String) throws(FileError) {
  guard !path.utf8.contains(0) else {
    throw FileError(path: path, reason: "a path cannot hold a zero byte")
  }
}

/// What is not a regular file, in words; nil for a regular file.
func kindIfSpecial(_ status: stat) -> String? {
  switch status.st_mode & S_IFMT {
  case S_IFREG: nil
  case S_IFDIR: "a directory"
  case S_IFIFO: "a pipe"
  case S_IFSOCK: "a socket"
  default: "a device"
  }
}
