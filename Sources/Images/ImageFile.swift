#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Whole files to bytes, of images and of configs. A folder of images may hold anything, so nothing
/// here waits on a pipe or reads a device.
package enum ImageFile {
  /// The bytes of the regular file at `path`, of at most `maxBytes`.
  package static func bytes(of path: String, maxBytes: Int) throws(ImageError) -> [UInt8] {
    guard !path.utf8.contains(0) else {
      throw ImageError(path: path, reason: "a path cannot hold a zero byte")
    }
    // Non-blocking, as opening a pipe would otherwise wait for a writer.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { throw systemError(path, "cannot open") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw systemError(path, "cannot open") }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw ImageError(
        path: path, reason: "expected a regular file, found \(kind(of: status.st_mode))")
    }
    let size = Int(status.st_size)
    guard size <= maxBytes else {
      throw ImageError(path: path, reason: "\(size) bytes is over the limit of \(maxBytes)")
    }
    return try contents(of: descriptor, size: size, path: path)
  }

  /// The first bytes of a file, fewer if it is shorter; nil if it is no regular file or cannot be
  /// read.
  static func head(of path: String, count: Int) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    var found = 0
    let head = [UInt8](unsafeUninitializedCapacity: count) { buffer, size in
      found = read(descriptor, buffer.baseAddress, count)
      size = max(0, found)
    }
    return found < 0 ? nil : head
  }

  /// Reads `size` bytes and makes sure that they are the whole file.
  private static func contents(
    of descriptor: Int32, size: Int, path: String
  ) throws(ImageError) -> [UInt8] {
    var failure: ImageError?
    // One byte of room above the size shows a file that grew.
    let bytes = [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, count in
      while count < size + 1 {
        let step = read(descriptor, buffer.baseAddress?.advanced(by: count), size + 1 - count)
        if step > 0 {
          count += step
        } else if step == 0 {
          return
        } else if errno != EINTR {
          failure = systemError(path, "cannot read")
          return
        }
      }
    }
    if let failure { throw failure }
    guard bytes.count == size else {
      let found = bytes.count < size ? "\(bytes.count)" : "more"
      throw ImageError(
        path: path, reason: "changed while it was read: expected \(size) bytes, found \(found)")
    }
    return bytes
  }

  /// The reason that the last system call left in `errno`.
  static func systemError(_ path: String, _ action: String) -> ImageError {
    ImageError(path: path, reason: "\(action): \(String(cString: strerror(errno)))")
  }

  private static func kind(of mode: mode_t) -> String {
    switch mode & S_IFMT {
    case S_IFDIR: "a directory"
    case S_IFIFO: "a pipe"
    case S_IFCHR, S_IFBLK: "a device"
    case S_IFSOCK: "a socket"
    default: "something else"
    }
  }
}
