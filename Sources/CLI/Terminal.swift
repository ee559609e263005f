import ArgumentParser
import Files
import Foundation
import Images
import Synchronization

/// Standard output for results; standard error for messages, and a line of progress that is
/// overwritten where there is a terminal.
struct Terminal {
  /// Whether standard error is a terminal.
  let isInteractive = isatty(2) == 1
  private let start = ContinuousClock.now
  private var lastProgress: ContinuousClock.Instant?

  static func write(_ text: String) {
    show(text)
    copy.withLock { path in
      // What cannot be written there is on the terminal all the same.
      let plain = text.replacing("\r\u{1b}[K", with: "")
      if let path { try? AtomicFile.append(Array(plain.utf8), to: path) }
    }
  }

  private static func show(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }

  /// Where messages go as well, if anywhere.
  private static let copy = Mutex<String?>(nil)

  /// Puts messages of `body`, but not its progress, at the end of a file as well.
  static func copying<Result>(to path: String, _ body: () throws -> Result) rethrows -> Result {
    copy.withLock { $0 = path }
    defer { copy.withLock { $0 = nil } }
    return try body()
  }

  /// Writes a line of results to standard output, at once; throws an `ExitCode` of success when
  /// nobody reads any more, as `| head`.
  static func result(_ line: String) throws {
    var bytes = Array("\(line)\n".utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Foundation.write(1, $0.baseAddress, $0.count) }
      if count >= 0 {
        bytes = bytes.dropFirst(count)
      } else if errno == EPIPE {
        throw ExitCode.success
      } else if errno != EINTR {
        throw FileError(path: "standard output", cannot: "write", code: errno)
      }
    }
  }

  /// Writes a note about an image that is read all the same, or about a clip.
  static func note(_ note: any Error) {
    write("note: \(note)\(note is ImageError ? ImageError.readAllTheSame : "")\n")
  }

  /// Writes a line about what went wrong, in the place of the line of progress.
  static func error(_ text: String) {
    write((isatty(2) == 1 ? "\r\u{1b}[K" : "") + "convit: \(text)\n")
  }

  /// Writes a line, in the place of the line of progress.
  mutating func line(_ text: String) {
    Terminal.write((isInteractive && lastProgress != nil ? "\r\u{1b}[K" : "") + text + "\n")
    lastProgress = isInteractive ? nil : lastProgress
  }

  /// Shows how far things are: ten times a second on a terminal, elsewhere each half minute.
  mutating func progress(_ text: @autoclosure () -> String) {
    let now = ContinuousClock.now
    let pause = isInteractive ? Duration.milliseconds(100) : .seconds(30)
    guard now - (lastProgress ?? (isInteractive ? now - pause : start)) >= pause else { return }
    lastProgress = now
    Terminal.show(
      isInteractive ? "\r\u{1b}[K" + Terminal.fitted(text(), Terminal.columns) : text() + "\n")
  }

  /// The columns of the terminal; 80 if nothing says how many there are.
  static var columns: Int {
    var size = winsize()
    if ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
    let said = ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) } ?? 0
    return said > 0 ? said : 80
  }

  /// As much of a text as one row of a terminal shows without a second row, with a … where it was
  /// cut. Ideographs and emoji take two columns.
  static func fitted(_ text: String, _ columns: Int) -> String {
    func width(_ letter: Character) -> Int {
      (letter.unicodeScalars.first?.value ?? 0) >= 0x2e80 ? 2 : 1
    }
    guard text.reduce(0, { $0 + width($1) }) >= columns else { return text }
    var (kept, used) = ("", 2)  // the … and the last column, which the cursor needs
    for letter in text {
      used += width(letter)
      if used > columns { break }
      kept.append(letter)
    }
    return kept + "…"
  }

  mutating func clear() {
    if isInteractive && lastProgress != nil { Terminal.write("\r\u{1b}[K") }
    lastProgress = nil
  }

  var elapsed: Double { (ContinuousClock.now - start) / .seconds(1) }
}

/// "1:05" or "2:01:05" for seconds.
func clock(_ seconds: Double) -> String {
  guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "–" }
  let s = Int(seconds.rounded())
  let rest = (s % 3600 / 60, s % 60)
  return s < 3600
    ? String(format: "%d:%02d", rest.0, rest.1)
    : String(format: "%d:%02d:%02d", s / 3600, rest.0, rest.1)
}
