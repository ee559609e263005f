import Foundation

/// The bytes of a regular file of at most `maxBytes`.
///
/// - Throws: `DatasetError`; a pipe or a device is an error and not a wait.
func boundedContents(ofFile path: String, maxBytes: Int) throws -> [UInt8] {
  let file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
  guard file >= 0 else { throw DatasetError(path: path, cannot: "open the file", errno: errno) }
  defer { close(file) }
  var information = stat()
  guard fstat(file, &information) == 0 else {
    throw DatasetError(path: path, cannot: "read the file", errno: errno)
  }
  guard information.st_mode & S_IFMT == S_IFREG else {
    throw DatasetError(path: path, reason: "not a regular file")
  }
  let size = Int(information.st_size)
  guard size <= maxBytes else {
    throw DatasetError(path: path, reason: "\(size) bytes, more than the limit of \(maxBytes)")
  }
  var failure: Int32 = 0
  let bytes = [UInt8](unsafeUninitializedCapacity: max(size, 1)) { buffer, count in
    while count < size {
      let got = read(file, buffer.baseAddress.map { $0 + count }, size - count)
      if got < 0 && errno == EINTR { continue }
      if got < 0 { failure = errno }
      if got <= 0 { break }
      count += got
    }
  }
  guard failure == 0 else {
    throw DatasetError(path: path, cannot: "read the file", errno: failure)
  }
  return bytes
}
