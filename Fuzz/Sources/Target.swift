import ConViT
import Foundation
import Images
import Safetensors
import Training

/// Something that reads bytes from anywhere: it must throw an error of ours or succeed.
protocol Target: Sendable {
  /// Reads an input; traps where what came of it is wrong.
  func test(_ bytes: [UInt8])
  /// An input near another one.
  func mutated(_ bytes: [UInt8], limit: Int, seed: UInt32) -> [UInt8]
  /// Writes inputs to start from that are made and not in the repository.
  func writeSeeds(to folder: String) throws
}

extension Target {
  func mutated(_ bytes: [UInt8], limit: Int, seed: UInt32) -> [UInt8] {
    mutatedByFuzzer(bytes, limit: limit)
  }

  func writeSeeds(to folder: String) throws {}

  func write(_ seed: some Sequence<UInt8>, _ name: String, to folder: String) throws {
    try Data(seed).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
  }
}

/// The result of `body`, or nil for an error that a user can read: typed, and one line.
@discardableResult
func attempt<Result>(_ body: () throws -> Result) -> Result? {
  do {
    return try body()
  } catch {
    switch error {
    case is ImageError, is DatasetError, is TensorFileError, is WeightsError,
      is ConfigurationError, is TrainingError:
      let text = "\(error)"
      let isOneLine = text.unicodeScalars.allSatisfy { scalar in
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: false
        default: true
        }
      }
      check(isOneLine, "an error of more than one line: \(text.debugDescription)")
      check(text.utf8.count < 20_000, "an error of \(text.utf8.count) bytes")
      return nil
    default: fatalError("an error that no command expects: \(error)")
    }
  }
}

/// Ends the process, which the fuzzer reports as a crash, unless something holds.
func check(_ condition: Bool, _ message: @autoclosure () -> String) {
  if !condition { fatalError(message()) }
}

/// A file in memory, for readers that take a path.
struct MemoryFile: Sendable {
  let path: String
  private let descriptor: Int32

  init() {
    var name = Array("/dev/shm/fuzz-XXXXXX".utf8CString)
    descriptor = mkstemp(&name)
    check(descriptor >= 0, "no file in memory: \(String(cString: strerror(errno)))")
    unlink(name)
    path = "/proc/self/fd/\(descriptor)"
  }

  func fill(_ bytes: [UInt8]) {
    check(ftruncate(descriptor, 0) == 0, "cannot empty the file in memory")
    let count = pwrite(descriptor, bytes, bytes.count, 0)
    check(count == bytes.count, "cannot fill the file in memory")
  }
}
