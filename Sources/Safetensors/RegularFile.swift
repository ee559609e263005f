import Foundation

/// A regular file that is open for reading, at any offset and from any thread.
///
/// It stays open, so that a file replaced by a rename is read to the end as it was. It is not
/// mapped into memory: a mapped file that somebody shortens ends the process.
final class RegularFile: Sendable {
  let path: String
  /// Bytes in the file when it was opened.
  let size: Int
  private let descriptor: Int32

  init(reading path: String) throws {
    // Looked at before it is opened as well as after: opening a FIFO already wakes its writer.
    try Self.requireRegular(try status(of: path), path)
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw SafetensorsError(path: path, action: "cannot be opened", code: errno)
    }
    var opened = stat()
    do {
      guard fstat(descriptor, &opened) == 0 else {
        throw SafetensorsError(path: path, action: "cannot be opened", code: errno)
      }
      try Self.requireRegular(opened, path)
    } catch {
      close(descriptor)
      throw error
    }
    self.path = path
    self.size = Int(opened.st_size)
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Fills `buffer` with the bytes from `offset`; `tensor` is for the error.
  func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int, tensor: String? = nil
  ) throws {
    var done = 0
    while done < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else {
        throw SafetensorsError(path: path, tensor: tensor, action: "cannot be read", code: errno)
      }
      guard count > 0 else {
        throw SafetensorsError(
          path: path, tensor: tensor,
          reason: "the file now ends at byte \(offset + done), it had \(size) bytes when opened")
      }
      done += count
    }
  }

  private static func requireRegular(_ status: stat, _ path: String) throws {
    guard let kind = kindIfSpecial(status) else { return }
    let hint = status.st_mode & S_IFMT == S_IFDIR ? WeightsPath.hint(inFolder: path) : ""
    throw SafetensorsError(path: path, reason: "expected a safetensors file, found \(kind)\(hint)")
  }
}

/// The status of what is at `path`, through symbolic links.
func status(of path: String) throws -> stat {
  guard !path.utf8.contains(0) else {
    throw SafetensorsError(path: path, reason: "a path cannot contain a zero byte")
  }
  var status = stat()
  guard stat(path, &status) == 0 else {
    let code = errno
    guard code != ENOENT || !WeightsPath.isAddress(path) else {
      throw SafetensorsError(
        path: path,
        reason: "this is an address, and nothing is downloaded: download the file, and give its "
          + "path")
    }
    throw SafetensorsError(path: path, action: "cannot be opened", code: code)
  }
  return status
}

/// What is not a regular file, in words; nil for a regular file.
func kindIfSpecial(_ status: stat) -> String? {
  switch status.st_mode & S_IFMT {
  case S_IFREG: nil
  case S_IFDIR: "a directory"
  case S_IFIFO: "a FIFO"
  case S_IFSOCK: "a socket"
  default: "a device"
  }
}
