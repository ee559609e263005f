import Foundation
import Testing

@testable import Files

@Suite struct TextTests {
  /// RFC 9923, section 8 (test vectors).
  @Test func hashes() {
    #expect(FNV1a().value == 0xcbf2_9ce4_8422_2325)
    #expect(FNV1a("a".utf8).value == 0xaf63_dc4c_8601_ec8c)
    #expect(FNV1a("foobar".utf8).value == 0x8594_4171_f739_67e8)
    var parts = FNV1a("foo".utf8)
    parts.add(UInt8(ascii: "b"))
    parts.add("ar".utf8)
    #expect(parts == FNV1a("foobar".utf8))
  }

  @Test func textsOnOneLine() {
    #expect("a\nb\rc\td\u{1B}e\u{202E}é".printable() == #"a\nb\rc\td\u{1b}e\u{202e}é"#)
    #expect("abcd".printable(limit: 3) == "abc…" && "abc".printable(limit: 3) == "abc")
    let error = FileError(path: "a\n", reason: "b\u{2028}c")
    #expect(error.description == #"a\n: b\u{2028}c"#)
  }

  @Test func wording() {
    #expect(counted(1, "class", "classes") == "1 class")
    #expect(counted(0, "class", "classes") == "0 classes")
    #expect(shortened(["a", "b", "c"], to: 2) == "a, b and 1 more")
    #expect(shortened(["a", "b"], to: 2) == "a, b")
  }

  /// RFC 4180: what is in quotation marks, with those within doubled.
  @Test func tables() {
    #expect(
      CSV.table([[CSV.cell("a,\"b"), CSV.cell(0.5)], ["", CSV.cell(nil as Double?)]])
        == "\"a,\"\"b\",0.5\n,\n")
  }

  private struct Line: Codable, Equatable {
    let b: Int
    var a = "x/y"
  }

  @Test func linesOfJSON() throws {
    let folder = try Folder()
    let path = folder.path("a.jsonl")
    let lines = JSONLines(path)
    #expect(lines.lines().isEmpty)
    for b in 0..<3 { try lines.append(Line(b: b)) }
    #expect(
      contents(path).map { String(decoding: $0.prefix(18), as: UTF8.self) }
        == "{\"a\":\"x/y\",\"b\":0}\n")
    try AtomicFile.append(Array("{}\n{\"a\":\"torn\",\"b\":1".utf8), to: path)
    try lines.keep { (line: Line) in line.b != 1 }
    #expect(lines.records() == [Line(b: 0), Line(b: 2)])
    #expect(lines.lines().count == 2)
    #expect(try JSON.text(Line(b: 1), isPretty: true) == "{\n  \"a\" : \"x/y\",\n  \"b\" : 1\n}")
  }
}
