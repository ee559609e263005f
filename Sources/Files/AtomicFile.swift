import Foundation

/// A file that takes the place of another only when it is whole.
package struct AtomicFile {
  package enum Care: Sendable {
    /// The bytes are on the disk before the file has its name. A second writer of a path is
    /// refused, so that two cannot mix their bytes, and what a killed process left behind is
    /// written over.
    case lasting
    /// For files that can be made again: no waiting for the disk; the last writer wins.
    case passing
  }

  let path: String
  let byteCount: Int
  let descriptor: Int32
  /// Where the bytes go until they have their place.
  private let temporary: String
  private let care: Care
  /// Bytes that the disk had when the write began, if it says so.
  private let free: UInt64?

  init(
    path: String, byteCount: Int, descriptor: Int32, temporary: String = "", _ care: Care = .lasting
  ) {
    (self.path, self.byteCount, self.descriptor) = (path, byteCount, descriptor)
    (self.temporary, self.care) = (temporary, care)
    var disk = statvfs()
    let hasDisk = statvfs(folder(of: path), &disk) == 0
    free = hasDisk ? UInt64(disk.f_bavail) &* UInt64(disk.f_frsize) : nil
  }

  package static func replace(
    _ path: String, byteCount: Int, _ care: Care = .lasting, _ body: (AtomicFile) throws -> Void
  ) throws {
    let file = try begin(path, byteCount: byteCount, care)
    defer { close(file.descriptor) }
    do {
      try body(file)
      try file.takePlace()
    } catch {
      unlink(file.temporary)
      throw error
    }
    try file.syncFolder()
  }

  package static func replace(
    _ path: String, by bytes: [UInt8], _ care: Care = .lasting
  ) throws(FileError) {
    do {
      try replace(path, byteCount: bytes.count, care) { try $0.write(bytes) }
    } catch {
      guard let error = error as? FileError else { fatalError("AtomicFile: \(error)") }
      throw error
    }
  }

  /// Puts bytes at the end of the file at `path`, which is made if it is not there.
  ///
  /// This one is not atomic: what a full disk or a crash leaves may end in a part of the bytes.
  package static func append(_ bytes: [UInt8], to path: String) throws(FileError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    let code = errno
    let file = AtomicFile(path: path, byteCount: bytes.count, descriptor: descriptor)
    guard descriptor >= 0 else { throw file.fault("open", code) }
    defer { close(descriptor) }
    try file.write(bytes)
  }

  /// Waits until what was appended to the file at `path` is on the disk.
  package static func sync(_ path: String) throws(FileError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, cannot: "open", code: errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw FileError(path: path, cannot: "write", code: errno) }
  }

  package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest)
      let count = Foundation.write(descriptor, part.baseAddress, part.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw fault("write", count < 0 ? errno : EIO) }
      rest = rest.dropFirst(count)
    }
  }

  private func write(_ bytes: [UInt8]) throws(FileError) {
    try bytes.withUnsafeBufferPointer { (buffer) throws(FileError) in
      try write(UnsafeRawBufferPointer(buffer))
    }
  }

  /// Throws what stands in the way of a file at `path`, which is known before there are bytes to
  /// write: a folder that is not there or takes none, or something that is no file.
  package static func requirePlace(_ path: String) throws(FileError) {
    try requireReplaceable(path)
    let folder = folder(of: path)
    guard access("\(folder)/.", W_OK | X_OK) == 0 else {
      throw FileError(path: path, cannot: "write to the folder '\(folder)'", code: errno)
    }
  }

  /// Refuses what a rename would wrongly replace, such as /dev/null for the superuser.
  static func requireReplaceable(_ path: String) throws(FileError) {
    try requireNoZeroByte(path)
    guard !path.isEmpty else { throw FileError(path: path, reason: "not the path of a file") }
    var status = stat()
    if stat(path, &status) == 0, let kind = kindIfSpecial(status) {
      throw FileError(path: path, reason: "cannot replace \(kind) by a file")
    }
  }

  /// An empty file to write before it gets its name.
  private static func begin(
    _ path: String, byteCount: Int, _ care: Care
  ) throws(FileError) -> AtomicFile {
    try requireReplaceable(path)
    let (descriptor, temporary) = makeTemporary(beside: path, care)
    let code = errno
    let file = AtomicFile(
      path: path, byteCount: byteCount, descriptor: descriptor, temporary: temporary, care)
    guard descriptor >= 0 else { throw file.fault("create '\(temporary)'", code) }
    do throws(FileError) {
      if care == .lasting { try file.lock() }
      guard ftruncate(descriptor, 0) == 0 else { throw file.fault("write", errno) }
    } catch {
      close(descriptor)
      throw error
    }
    return file
  }

  /// A `lasting` file's name follows from its path; nobody else shares that of a `passing` one.
  private static func makeTemporary(
    beside path: String, _ care: Care
  ) -> (descriptor: Int32, path: String) {
    if care == .lasting {
      let flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
      return (open(path + ".tmp", flags, 0o666), path + ".tmp")
    }
    let directory = path.lastIndex(of: "/").map { path[...$0] } ?? ""
    var attempt = 0
    while true {
      let temporary = "\(directory).\(getpid())-\(attempt).tmp"
      let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if descriptor >= 0 || errno != EEXIST || attempt == 1000 { return (descriptor, temporary) }
      attempt += 1
    }
  }

  func takePlace() throws(FileError) {
    if care == .lasting, fsync(descriptor) != 0 { throw fault("write", errno) }
    guard rename(temporary, path) == 0 else { throw fault("replace", errno) }
  }

  /// Makes sure that this process alone writes the temporary file, and that it is one.
  func lock() throws(FileError) {
    var opened = stat()
    var named = stat()
    guard fstat(descriptor, &opened) == 0 else { throw fault("write", errno) }
    if let kind = kindIfSpecial(opened) {
      throw FileError(path: path, reason: "'\(temporary)' is \(kind)")
    }
    // Some network file systems have no locks; there the lock is not what stops a write.
    let isLocked = flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
    // The file may have been renamed by its writer between being opened and being locked.
    let isStill = lstat(temporary, &named) == 0 && named.st_ino == opened.st_ino
    guard !isLocked, isStill else {
      throw FileError(path: path, reason: "'\(temporary)' is being written by another")
    }
  }

  /// Makes the rename last: without it a power cut may bring the old file back.
  func syncFolder() throws(FileError) {
    guard care == .lasting else { return }
    let folder = open(folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer { if folder >= 0 { close(folder) } }
    // A file system that cannot sync folders says EINVAL.
    guard folder >= 0, fsync(folder) == 0 || errno == EINVAL else {
      let cause = String(cString: strerror(errno))
      throw FileError(
        path: path, reason: "was written, but its folder cannot be synced: \(cause)")
    }
  }

  /// An error with the bytes that are needed and those that the disk has.
  private func fault(_ action: String, _ code: Int32) -> FileError {
    let free = free.map { ", \($0) were free" } ?? ""
    let error = FileError(path: path, cannot: action, code: code)
    return FileError(
      path: path, reason: "\(error.reason) (\(byteCount) bytes are needed\(free))")
  }
}
