/// The records of a CSV file as RFC 4180 has them: fields between commas, in quotes where they hold
/// commas, quotes (doubled) or ends of lines.
///
/// A mark of UTF-8 at the start is passed over, lines end in \n, \r\n or \r, and empty ones are
/// left out. A quote inside of a field that does not begin with one is a letter as any other.
package struct CSVRecords {
  /// The fields of a record, and the line of the file that it begins on, from 1.
  package struct Record {
    let line: Int
    package var fields: [String] = []
  }

  private let path: String
  private let bytes: [UInt8]
  private var place = 0
  private var line = 1

  private static let (quote, comma) = (UInt8(ascii: "\""), UInt8(ascii: ","))
  private static let (newLine, carriageReturn) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))

  /// The records of the file at `path`.
  package static func read(_ path: String) throws -> [Record] {
    try parse(fileContents(path), path: path)
  }

  /// The records in `bytes`, of a file that errors call `path`.
  static func parse(_ bytes: [UInt8], path: String) throws(DatasetError) -> [Record] {
    var parser = CSVRecords(path: path, bytes: bytes)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { parser.place = 3 }
    var records: [Record] = []
    while parser.place < bytes.count {
      let record = try parser.record()
      if record.fields != [""] { records.append(record) }
    }
    return records
  }

  private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

  private func error(_ line: Int, _ reason: String) -> DatasetError {
    DatasetError(path: path, reason: "line \(line): \(reason)")
  }

  private mutating func record() throws(DatasetError) -> Record {
    var record = Record(line: line)
    while true {
      record.fields.append(try next == Self.quote ? quoted() : plain())
      guard let byte = next else { return record }
      if byte == Self.comma {
        place += 1
      } else if endLine() {
        return record
      } else {
        throw error(line, "field \(record.fields.count) continues after its closing quote")
      }
    }
  }

  /// Passes over the end of a line, if that is what is next.
  private mutating func endLine() -> Bool {
    guard next == Self.newLine || next == Self.carriageReturn else { return false }
    let isPair = next == Self.carriageReturn && place + 1 < bytes.count
    place += isPair && bytes[place + 1] == Self.newLine ? 2 : 1
    line += 1
    return true
  }

  private mutating func plain() throws(DatasetError) -> String {
    let start = place
    while let byte = next, byte != Self.comma, byte != Self.newLine, byte != Self.carriageReturn {
      place += 1
    }
    return try text(bytes[start..<place], line)
  }

  private mutating func quoted() throws(DatasetError) -> String {
    let first = line
    var content: [UInt8] = []
    place += 1
    while let byte = next {
      let start = place
      if byte == Self.quote {
        place += 1
        guard next == Self.quote else { return try text(content[...], first) }
        place += 1
        content.append(Self.quote)
      } else if endLine() {
        content += bytes[start..<place]
      } else {
        place += 1
        content.append(byte)
      }
    }
    throw error(first, "a quote is not closed")
  }

  private func text(_ bytes: ArraySlice<UInt8>, _ line: Int) throws(DatasetError) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw error(line, "not UTF-8")
    }
    return text
  }
}
