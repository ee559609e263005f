import Foundation

/// A file of JSON objects, one a line, that grows at its end.
package struct JSONLines {
  private let path: String

  /// The file at a path, which need not be there.
  package init(_ path: String) { self.path = path }

  package func lines() -> [Data] {
    ((try? contents()) ?? Data()).split(separator: UInt8(ascii: "\n"))
  }

  /// The bytes of the file, which may be growing; nil if there is none.
  private func contents() throws(FileError) -> Data? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let file = try RegularFile(reading: path)
    return Data(try file.bytes(at: 0, count: file.size))
  }

  /// The lines, each an object, without a last one that a crash cut short; none without a file.
  package func objects() throws(FileError) -> [String] {
    guard let data = try contents() else { return [] }
    guard let text = String(data: data, encoding: .utf8) else {
      throw FileError(path: path, reason: "cannot be read as text")
    }
    let lines = text.split(separator: "\n")
    var kept: [String] = []
    for (index, line) in lines.enumerated() {
      guard (try? JSONSerialization.jsonObject(with: Data(line.utf8))) is [String: Any] else {
        if index == lines.count - 1 && !text.hasSuffix("\n") { break }
        throw FileError(path: path, reason: "line \(index + 1) is not a JSON object")
      }
      kept.append(String(line))
    }
    return kept
  }

  /// The objects of a file of which every line is one, but for a last one that is cut short.
  package func all<Record: Decodable>() throws(FileError) -> [Record] {
    var records: [Record] = []
    for (index, line) in try objects().enumerated() {
      do {
        records.append(try JSONDecoder().decode(Record.self, from: Data(line.utf8)))
      } catch DecodingError.keyNotFound(let key, _) {
        throw FileError(path: path, reason: "line \(index + 1) has no '\(key.stringValue)'")
      } catch {
        throw FileError(path: path, reason: "line \(index + 1) is not as expected")
      }
    }
    return records
  }

  /// The objects of all whole lines.
  package func records<Record: Decodable>() -> [Record] {
    lines().compactMap { try? JSONDecoder().decode(Record.self, from: $0) }
  }

  @discardableResult
  package func append(_ record: some Encodable) throws -> Data {
    let line = Array(try JSON.encoder().encode(record)) + [UInt8(ascii: "\n")]
    try AtomicFile.append(line, to: path)
    return Data(line)
  }

  /// Leaves the lines that `isKept` holds for, as they are. A line without its end, which a crash
  /// tore, or that is no such object goes as well.
  package func keep<Record: Decodable>(_ isKept: (Record) -> Bool) throws {
    guard let data = try contents() else {
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
