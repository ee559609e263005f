import Files
import Foundation
import TensorBoard
import Testing

@testable import Recipes
@testable import Runs
@testable import Training

/// The file for TensorBoard, against what TensorBoard's own writer made of the same lines
/// (Fixtures/make_tensorboard.py).
@Suite struct TensorBoardTests {
  private let folder = NSTemporaryDirectory() + "board-" + UUID().uuidString
  private let time = 1735689600.5  // of the fixture's records
  private let expected: [UInt8]
  private let (log, steps): ([Data], [Data])

  init() throws {
    func contents(_ name: String) throws -> Data {
      try Data(contentsOf: URL(fileURLWithPath: TrainingFixture.path("tensorboard/" + name)))
    }
    func lines(_ name: String) throws -> [Data] {
      try contents(name).split(separator: UInt8(ascii: "\n"))
    }
    expected = Array(try contents("events"))
    (log, steps) = (try lines("log.jsonl"), try lines("steps.jsonl"))
  }

  private var file: URL { URL(fileURLWithPath: "\(folder)/\(BoardFile.name)") }

  private func restored(_ old: [UInt8]) throws -> [UInt8] {
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(old).write(to: file)
    _ = try BoardFile(in: folder, log: log, steps: steps)
    return Array(try Data(contentsOf: file))
  }

  /// Places and payloads of the records of a file, which must have nothing else.
  private static func records(_ file: [UInt8]) throws -> [(start: Int, payload: [UInt8])] {
    var (records, place) = ([(Int, [UInt8])](), 0)
    while place < file.count {
      let record = try #require(TFRecord.read(file, at: place), "a bad record at \(place)")
      records.append((place, Array(record.payload)))
      place = record.end
    }
    return records
  }

  /// What records say, whenever they were written.
  private static func messages(_ file: [UInt8]) throws -> [[UInt8]] {
    try records(file).map { $0.payload.enumerated().filter { !(1...8).contains($0.offset) } }
      .map { $0.map(\.element) }
  }

  /// RFC 3720, appendix B.4, and the check value of the catalogue of CRCs.
  @Test func checksums() {
    let read: [UInt8] = [
      0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 0x04, 0, 0, 0, 0,
      0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0,
    ]
    #expect(TFRecord.crc32c("123456789".utf8) == 0xe306_9283)
    #expect(TFRecord.crc32c([UInt8](repeating: 0, count: 32)) == 0x8a91_36aa)
    #expect(TFRecord.crc32c([UInt8](repeating: 255, count: 32)) == 0x62a8_ab43)
    #expect(TFRecord.crc32c(0..<32) == 0x46dd_794e)
    #expect(TFRecord.crc32c((0..<32).reversed()) == 0x113f_db5c)
    #expect(TFRecord.crc32c(read) == 0xd996_3a56)
    #expect(TFRecord.crc32c([]) == 0)
  }

  @Test func bytesAreThoseOfTensorBoardsWriter() throws {
    let epochs = log.compactMap { LogLine($0, .epoch) }
    let events = LogLine.events(epochs: epochs, steps: steps.compactMap { LogLine($0, .step) })
    #expect(events.count == log.count + steps.count)
    let bytes = ([.version] + events).flatMap { TFRecord.framed($0.encoded(at: time)) }
    #expect(bytes == expected)
  }

  @Test func aNewFileHasTheTimeOfNow() throws {
    let before = Date().timeIntervalSince1970
    let bytes = try restored([])
    #expect(try Self.messages(bytes) == Self.messages(expected))
    for (_, payload) in try Self.records(bytes) {
      let bits = payload[1...8].reversed().reduce(UInt64(0)) { ($0 << 8) | UInt64($1) }
      #expect((before...Date().timeIntervalSince1970).contains(Double(bitPattern: bits)))
    }
  }

  /// Torn in any field; with one byte that is another; with more behind.
  @Test func whateverACrashLeftIsPutRight() throws {
    let messages = try Self.messages(expected)
    let starts = try Self.records(expected).map(\.start)
    for place in stride(from: 0, to: expected.count, by: 5) {
      let whole = starts.last { $0 <= place } ?? 0
      var flipped = expected
      flipped[place] ^= 64
      for old in [Array(expected[..<place]), flipped] {
        let bytes = try restored(old)
        #expect(try Self.messages(bytes) == messages, "\(place)")
        #expect(bytes[..<whole] == expected[..<whole], "\(place)")  // with the times it had
      }
    }
    #expect(try restored(expected) == expected)
    #expect(try restored(expected + expected) == expected)
    #expect(try restored(expected + [UInt8](repeating: 255, count: 40)) == expected)
    #expect(try Self.messages(restored([UInt8](repeating: 0, count: 90))) == messages)
  }

  @Test func linesThatAreNone() {
    for text in ["", "1", "[]", "{}", #"{"epoch":"a"}"#, #"{"epoch":0.5}"#, #"{"epoch":1e99}"#] {
      #expect(LogLine(Data(text.utf8), .epoch) == nil, "\(text)")
    }
    #expect(LogLine(Data(#"{"epoch":0}"#.utf8), .step) == nil)
  }

  @Test func aFileInTheWay() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let place = "\(folder)/\(BoardFile.folder)"
    try Data().write(to: URL(fileURLWithPath: place))
    let error = #expect(throws: FileError.self) { try BoardFile(in: folder) }
    #expect(error == FileError(path: place, reason: "cannot make the folder: a file has its name"))
  }

  /// With the flag, without it, and with it again; what was written after the checkpoint is cut.
  @Test func aRunThatGoesOn() throws {
    let fixture = try TrainingFixture()
    var c = try fixture.smallConfiguration()
    (c.epochs, c.modelEma, c.resume) = (2, true, "auto")
    for (hasFlag, polls) in [(true, 3), (false, 2), (true, 14), (false, 2), (true, Int.max)] {
      c.tensorboard = hasFlag
      var count = 0
      do {
        try Trainer(c).run {
          _ in
        } isStopped: {
          count += 1
          return count > polls
        }
      } catch is RunInterrupted {}
      guard hasFlag else { continue }
      let file = fixture.file("run/\(BoardFile.name)")
      var bytes = Array(try Data(contentsOf: file))
      func lines(_ name: String, _ kind: LogLine.Kind) throws -> [LogLine] {
        try Data(contentsOf: fixture.file("run/" + name)).split(separator: UInt8(ascii: "\n"))
          .compactMap { LogLine($0, kind) }
      }
      let events = LogLine.events(
        epochs: try lines("log.jsonl", .epoch), steps: try lines("steps.jsonl", .step))
      let logged = ([.version] + events).flatMap { TFRecord.framed($0.encoded(at: 0)) }
      #expect(try Self.messages(bytes) == Self.messages(logged))
      if polls == .max { #expect(events.count == 18) }
      let later = BoardEvent.scalars(step: 1000, [("step/loss", 1)])
      bytes += TFRecord.framed(later.encoded(at: time)).dropLast(3)
      try Data(bytes).write(to: file)
    }
  }

  @Test func aRunThatSavedNothingLeavesNothing() throws {
    let fixture = try TrainingFixture()
    var c = try fixture.smallConfiguration()
    c.tensorboard = true
    let image = try #require(FileManager.default.enumerator(atPath: "\(fixture.folder)/images/val"))
    let name = try #require(image.compactMap { $0 as? String }.first { $0.hasSuffix(".png") })
    try Data("no image".utf8).write(to: fixture.file("images/val/\(name)"))
    let board = fixture.file("run/\(BoardFile.name)").path
    var wasThere = false
    #expect(throws: (any Error).self) {
      try Trainer(c).run { _ in wasThere = FileManager.default.fileExists(atPath: board) }
    }
    #expect(wasThere)
    #expect(!FileManager.default.fileExists(atPath: fixture.folder + "/run"))
  }
}
