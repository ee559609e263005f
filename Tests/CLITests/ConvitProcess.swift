import Foundation
import Testing

/// What a run of the `convit` command left.
struct Outcome {
  /// The exit code; 128 + n for a command that signal n ended, as in a shell.
  let status: Int32
  let out: String
  let err: String

  var outLines: [String] { out.split(separator: "\n").map(String.init) }
  var errLines: [String] { err.split(separator: "\n").map(String.init) }
}

/// Runs the command that was built along with the tests.
enum ConvitProcess {
  /// A limit on the size of files ends TSan itself.
  static let isUnderTSan = ProcessInfo.processInfo.environment["CONVIT_SANITIZER"] == "thread"

  /// Where standard output goes.
  enum Output {
    case captured
    /// A pipe of which the reader has gone.
    case closedPipe
    case file(String)
  }

  /// When to halt a command, what to do then, and the signal it then gets.
  struct Interruption {
    let isDue: () -> Bool
    var action: () -> Void = {}
    var signal = SIGKILL
    /// Whether it gets the signal again and again.
    var isRepeated = false
  }

  /// `convit` with `arguments`, in `folder`, with nothing on standard input. As soon as
  /// `interruption` is due, the command is halted for it and then gets its signal; it is killed
  /// after a minute in any case.
  ///
  /// - Parameters:
  ///   - environment: what to add to the environment, such as "LC_ALL=C".
  ///   - fileLimit: the bytes that a file of its may have, as if the disk were full then.
  ///   - memoryLimit: the bytes of addresses that it may have.
  static func run(
    _ arguments: [String], in folder: String, output: Output = .captured,
    environment: [String] = [], interruption: Interruption? = nil, fileLimit: Int? = nil,
    memoryLimit: Int? = nil
  ) throws -> Outcome {
    let captured = NSTemporaryDirectory() + "convit-output-" + UUID().uuidString
    defer { for suffix in [".out", ".err"] { unlink(captured + suffix) } }
    var (actions, attributes) = (posix_spawn_file_actions_t(), posix_spawnattr_t())
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    // What this process ignores, and what its thread holds back, its children would as well.
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    for signal in [SIGPIPE, SIGINT, SIGHUP] { sigaddset(&signals, signal) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    let flags = O_WRONLY | O_CREAT | O_TRUNC
    var ends: [Int32] = [-1, -1]
    switch output {
    case .captured: posix_spawn_file_actions_addopen(&actions, 1, captured + ".out", flags, 0o600)
    case .file(let path): posix_spawn_file_actions_addopen(&actions, 1, path, flags, 0o600)
    case .closedPipe:
      pipe(&ends)
      close(ends[0])
      posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    }
    posix_spawn_file_actions_addopen(&actions, 2, captured + ".err", flags, 0o600)
    var process: pid_t = 0
    let limit =
      (fileLimit.map { ["prlimit", "--fsize=\($0)"] } ?? [])
      + (memoryLimit.map { ["prlimit", "--as=\($0)"] } ?? [])
    let command = ["env", "-C", folder] + environment + limit + [try binary()] + arguments
    var words = command.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    let code = posix_spawn(&process, "/usr/bin/env", &actions, &attributes, &words, environ)
    if ends[1] >= 0 { close(ends[1]) }
    try #require(code == 0, "cannot start convit: \(String(cString: strerror(code)))")
    let status = wait(for: process, interruption)
    return Outcome(status: status, out: text(captured + ".out"), err: text(captured + ".err"))
  }

  /// The status of a process when it has ended.
  private static func wait(for process: pid_t, _ interruption: Interruption?) -> Int32 {
    let deadline = ContinuousClock.now + .seconds(300)
    var (status, interruption): (Int32, Interruption?) = (0, interruption)
    while waitpid(process, &status, WNOHANG) == 0 {
      usleep(2000)
      if let due = interruption, due.isDue() {
        kill(process, SIGSTOP)
        due.action()
        kill(process, due.signal)
        kill(process, SIGCONT)
        interruption = due.isRepeated ? due : nil
      } else if ContinuousClock.now > deadline {
        kill(process, SIGKILL)
      }
    }
    let signal = status & 0x7f
    return signal == 0 ? (status >> 8) & 0xff : 128 + signal
  }

  private static func text(_ path: String) -> String {
    String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
  }

  private static func binary() throws -> String {
    let test = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let folders =
      [test.map { URL(fileURLWithPath: $0).deletingLastPathComponent() }, Bundle.main.bundleURL]
      .compactMap(\.self)
    let candidates = folders.map { $0.appendingPathComponent("convit").path }
    return try #require(
      candidates.first(where: FileManager.default.isExecutableFile),
      "convit is in none of \(folders.map(\.path))")
  }
}
