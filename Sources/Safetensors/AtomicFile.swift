import Foundation

/// A file that takes the place of another only when it is whole and on the disk.
///
/// The temporary file is locked: two writers of one path cannot mix their bytes, and what a
/// killed process left behind is written over.
package struct AtomicFile {
  /// The file to be replaced, which errors are about.
  let path: String
  /// Bytes that the new file will have.
  let byteCount: Int
  let descriptor: Int32
  /// Bytes that the disk had when the write began, if it says so.
  private let free: UInt64?

  init(path: String, byteCount: Int, descriptor: Int32) {
    self.path = path
    self.byteCount = byteCount
    self.descriptor = descriptor
    var disk = statvfs()
    let hasDisk = statvfs(Self.folder(of: path), &disk) == 0
    free = hasDisk ? UInt64(disk.f_bavail) &* UInt64(disk.f_frsize) : nil
  }

  /// Has `body` write the new content of `path`.
  package static func replace(
    _ path: String, byteCount: Int, _ body: (AtomicFile) throws -> Void
  ) throws {
    try requireReplaceable(path)
    let temporary = path + ".tmp"
    let descriptor = open(
      temporary, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o666)
    let code = errno
    let file = AtomicFile(path: path, byteCount: byteCount, descriptor: descriptor)
    guard descriptor >= 0 else { throw file.fault("cannot create '\(temporary)'", code) }
    defer { close(descriptor) }
    try file.lock(temporary)
    do {
      guard ftruncate(descriptor, 0) == 0 else { throw file.fault("cannot write", errno) }
      try body(file)
      guard fsync(descriptor) == 0 else { throw file.fault("cannot write", errno) }
      guard rename(temporary, path) == 0 else { throw file.fault("cannot replace", errno) }
    } catch {
      unlink(temporary)
      throw error
    }
    try file.syncFolder()
  }

  /// Puts bytes at the end of the file at `path`, which is made if it is not there.
  ///
  /// This one is not atomic: what a full disk or a crash leaves may end in a part of the bytes.
  package static func append(_ bytes: [UInt8], to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    let code = errno
    let file = AtomicFile(path: path, byteCount: bytes.count, descriptor: descriptor)
    guard descriptor >= 0 else { throw file.fault("cannot open", code) }
    defer { close(descriptor) }
    try bytes.withUnsafeBytes { try file.write($0) }
  }

  /// Waits until what was appended to the file at `path` is on the disk.
  package static func sync(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    let code = errno
    let file = AtomicFile(path: path, byteCount: 0, descriptor: descriptor)
    guard descriptor >= 0 else { throw file.fault("cannot open", code) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw file.fault("cannot write", errno) }
  }

  /// Has `bytes` be the new content of `path`.
  package static func replace(_ path: String, by bytes: [UInt8]) throws {
    try replace(path, byteCount: bytes.count) { file in
      try bytes.withUnsafeBytes { try file.write($0) }
    }
  }

  /// Appends bytes.
  package func write(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest)
      let count = Foundation.write(descriptor, part.baseAddress, part.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw fault("cannot write", count < 0 ? errno : EIO) }
      rest = rest.dropFirst(count)
    }
  }

  /// Refuses what a rename would wrongly replace, such as /dev/null for the superuser.
  private static func requireReplaceable(_ path: String) throws {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw SafetensorsError(path: path, reason: "not the path of a file")
    }
    var status = stat()
    if stat(path, &status) == 0, let kind = kindIfSpecial(status) {
      throw SafetensorsError(path: path, reason: "cannot replace \(kind) by a file")
    }
  }

  /// Makes sure that this process alone writes the temporary file, and that it is one.
  private func lock(_ temporary: String) throws {
    var opened = stat()
    var named = stat()
    guard fstat(descriptor, &opened) == 0 else { throw fault("cannot write", errno) }
    if let kind = kindIfSpecial(opened) {
      throw SafetensorsError(path: path, reason: "'\(temporary)' is \(kind)")
    }
    // Some network file systems have no locks; there the lock is not what stops a write.
    let isLocked = flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
    // The file may have been renamed by its writer between being opened and being locked.
    let isStill = lstat(temporary, &named) == 0 && named.st_ino == opened.st_ino
    guard !isLocked, isStill else {
      throw SafetensorsError(path: path, reason: "'\(temporary)' is being written by another")
    }
  }

  /// Makes the rename last: without it a power cut may bring the old file back.
  private func syncFolder() throws {
    let folder = open(Self.folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw fault("was written, but its folder cannot be synced", errno) }
    defer { close(folder) }
    // A file system that cannot sync folders says EINVAL.
    guard fsync(folder) == 0 || errno == EINVAL else {
      throw fault("was written, but its folder cannot be synced", errno)
    }
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// An error with the bytes that are needed and those that the disk has.
  private func fault(_ action: String, _ code: Int32) -> SafetensorsError {
    let free = free.map { ", \($0) were free" } ?? ""
    let cause = String(cString: strerror(code))
    return SafetensorsError(
      path: path, reason: "\(action): \(cause) (\(byteCount) bytes are needed\(free))")
  }
}
