import Files
import Foundation

/// A program that runs and writes to a pipe. It is killed when nobody reads it any more.
///
/// It gets no input, is in a process group of its own, so that keys meant for this program do not
/// reach it, and inherits no open file.
final class PipedProgram {
  private let process: pid_t
  private let output, errors: Int32
  private let name: String
  private let deadline: Seconds
  private var complaint: [UInt8] = []
  private var isRunning = true
  private var hasErrors = true

  private static let mostOfComplaint = 2000

  /// How long a program may be waited for, over all of its reads.
  final class Seconds {
    let allowed: Double
    var used = 0.0
    init(_ allowed: Double) { self.allowed = allowed }
  }

  struct Failure: Error {
    let reason: String
    /// Whether the reason is what the program says of its input.
    var isComplaint = false
  }

  /// The path of a program in one of some folders, by its name; by itself in those of PATH.
  static func path(of name: String, in folders: String? = nil) -> String? {
    let folders = folders ?? ProcessInfo.processInfo.environment["PATH"] ?? ""
    return folders.split(separator: ":").lazy.map { "\($0)/\(name)" }.first { path in
      FolderIdentity(path: path) == nil && access(path, X_OK) == 0
    }
  }

  /// Starts the program at `path`.
  init(_ path: String, _ arguments: [String], deadline: Seconds) throws(Failure) {
    name = String(path.split(separator: "/").last ?? "")
    self.deadline = deadline
    // Held until the end: a program that is started between a pipe and its flag would inherit it.
    Self.starting.lock()
    defer { Self.starting.unlock() }
    let out = try Self.pipe()
    let err: [Int32]
    do throws(Failure) {
      err = try Self.pipe()
    } catch {
      out.forEach { close($0) }
      throw error
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, out[1], 1)
    posix_spawn_file_actions_adddup2(&actions, err[1], 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
      close(out[1])
      close(err[1])
    }
    var words: [UnsafeMutablePointer<CChar>?] = ([name] + arguments).map { strdup($0) }
    words.append(nil)
    defer { words.forEach { free($0) } }
    var process: pid_t = 0
    let status = posix_spawn(&process, path, &actions, &attributes, words, environ)
    guard status == 0 else {
      close(out[0])
      close(err[0])
      throw Failure(reason: "cannot start \(path): \(String(cString: strerror(status)))")
    }
    (self.process, output, errors) = (process, out[0], err[0])
    _ = fcntl(errors, F_SETFL, O_NONBLOCK)
  }

  private static let starting = NSLock()

  /// The ends of a pipe that no program inherits.
  private static func pipe() throws(Failure) -> [Int32] {
    var ends: [Int32] = [-1, -1]
    guard Foundation.pipe(&ends) == 0 else { throw Failure(reason: why("make a pipe")) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return ends
  }

  deinit {
    close(output)
    close(errors)
    if isRunning {
      kill(-process, SIGKILL)  // and what it has started
      _ = wait()
    }
  }

  private static func why(_ action: String) -> String {
    "cannot \(action): \(String(cString: strerror(errno)))"
  }

  /// Reads until `buffer` is full or the output ends; returns how many bytes there were.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
    var done = 0
    while done < buffer.count {
      try waitForOutput()
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count = Foundation.read(output, rest.baseAddress, rest.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw Failure(reason: Self.why("read what \(name) writes")) }
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// All of the output, of at most `limit` bytes.
  func text(limit: Int = 1 << 16) throws(Failure) -> String {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: limit, alignment: 1)
    defer { buffer.deallocate() }
    let count = try read(into: buffer)
    return String(decoding: buffer[..<count], as: UTF8.self)
  }

  /// Waits for the end of a program whose output has ended.
  ///
  /// - Returns: What it complained of, in one line; empty if it did not.
  /// - Throws: If it failed.
  func finish() throws(Failure) -> String {
    while hasErrors { try waitForOutput() }
    let status = wait()
    let text = String(decoding: complaint, as: UTF8.self)
    let lines = text.split(whereSeparator: \.isNewline)
    let line = (lines.first.map(String.init) ?? "").trimmingCharacters(in: .whitespaces)
    guard status == 0 else {
      throw line.isEmpty
        ? Failure(reason: "\(name) ended with status \(status)")
        : Failure(reason: line, isComplaint: true)
    }
    return line
  }

  private func wait() -> Int32 {
    isRunning = false
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    return status
  }

  /// Returns when there is output or its end, or no more complaints. These are taken meanwhile.
  private func waitForOutput() throws(Failure) {
    while true {
      var files = [
        pollfd(fd: output, events: Int16(POLLIN), revents: 0),
        pollfd(fd: hasErrors ? errors : -1, events: Int16(POLLIN), revents: 0),
      ]
      let left = deadline.allowed - deadline.used
      let start = ContinuousClock.now
      let count = left > 0 ? poll(&files, 2, Int32(min(1000 * left + 1, 1e9))) : 0
      let waited = ContinuousClock.now - start
      deadline.used +=
        Double(waited.components.seconds) + 1e-18 * Double(waited.components.attoseconds)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        throw Failure(reason: "\(name) took more than \(deadline.allowed) seconds")
      }
      if files[1].revents != 0 { takeComplaints() }
      if files[0].revents != 0 || !hasErrors { return }
    }
  }

  private func takeComplaints() {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = Foundation.read(errors, &bytes, bytes.count)
    if count < 0 && (errno == EINTR || errno == EAGAIN) { return }
    if count <= 0 { hasErrors = false }
    let room = max(0, Self.mostOfComplaint - complaint.count)
    complaint += bytes.prefix(min(max(count, 0), room))
  }
}
