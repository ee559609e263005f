import Foundation
import Safetensors

/// A file of JSON objects, one a line, to which a run adds.
struct JSONLines {
  private let path: String

  init(_ path: String) { self.path = path }

  /// The bytes of an object as a line; the order of its keys is that of the alphabet.
  private static func line(_ record: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(record)) + [UInt8(ascii: "\n")]
  }

  /// The lines, without their ends.
  func lines() -> [Data] {
    let data = FileManager.default.contents(atPath: path) ?? Data()
    return data.split(separator: UInt8(ascii: "\n"))
  }

  /// The objects of all whole lines.
  func records<Record: Decodable>() -> [Record] {
    lines().compactMap { try? JSONDecoder().decode(Record.self, from: $0) }
  }

  /// Adds a line, and returns it.
  @discardableResult
  func append(_ record: some Encodable) throws -> Data {
    let line = try Self.line(record)
    try AtomicFile.append(line, to: path)
    return Data(line)
  }

  /// Leaves the lines that `isKept` holds for, as they are. A line without its end, which a crash
  /// tore, or that is no such object goes as well.
  func keep<Record: Decodable>(_ isKept: (Record) -> Bool) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      return try AtomicFile.replace(path, by: [])
    }
    let end = UInt8(ascii: "\n")
    let whole = data.lastIndex(of: end).map { data[...$0] } ?? Data()
    let kept = whole.split(separator: end).filter { line in
      (try? JSONDecoder().decode(Record.self, from: line)).map(isKept) ?? false
    }
    let bytes = kept.flatMap { Array($0) + [end] }
    if bytes != Array(data) { try AtomicFile.replace(path, by: bytes) }
  }
}
