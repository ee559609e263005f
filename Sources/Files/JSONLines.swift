import Foundation

/// A file of JSON objects, one a line, that grows at its end.
package struct JSONLines {
  private let path: String

  /// The file at a path, which need not be there.
  package init(_ path: String) { self.path = path }

  /// The lines, without their ends.
  package func lines() -> [Data] {
    let data = FileManager.default.contents(atPath: path) ?? Data()
    return data.split(separator: UInt8(ascii: "\n"))
  }

  /// The objects of all whole lines.
  package func records<Record: Decodable>() -> [Record] {
    lines().compactMap { try? JSONDecoder().decode(Record.self, from: $0) }
  }

  /// Adds a line, and returns it.
  ///
  /// - Throws: ``FileError`` if it cannot be written.
  @discardableResult
  package func append(_ record: some Encodable) throws -> Data {
    let line = Array(try JSON.encoder().encode(record)) + [UInt8(ascii: "\n")]
    try AtomicFile.append(line, to: path)
    return Data(line)
  }

  /// Leaves the lines that `isKept` holds for, as they are. A line without its end, which a crash
  /// tore, or that is no such object goes as well.
  package func keep<Record: Decodable>(_ isKept: (Record) -> Bool) throws {
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
