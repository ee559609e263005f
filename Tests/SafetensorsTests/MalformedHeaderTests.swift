import Testing

@testable import Safetensors

/// Headers that must be refused, each with the error it must give after the name of the file.
@Suite struct MalformedHeaderTests {
  /// A header of one tensor `x` with these fields.
  static func x(
    dtype: String = #""U8""#, shape: String = "[4]", offsets: String = "[0,4]"
  ) -> String {
    #"{"x":{"dtype":\#(dtype),"shape":\#(shape),"data_offsets":\#(offsets)}}"#
  }

  static let types =
    "F64, F32, F16, BF16, F8_E4M3, F8_E5M2, I64, I32, I16, I8, U64, U32, U16, U8, BOOL"
  static let whole = "expected a whole number from 0 to 9223372036854775807, found"

  static let syntax: [(String, String)] = [
    (" {}", "not a safetensors file: the header does not start with '{'"),
    ("[]", "not a safetensors file: the header does not start with '{'"),
    ("{", "header byte 1: expected a string, found the end of the header"),
    ("{]", "header byte 1: expected a string, found ']'"),
    ("{\u{1}", "header byte 1: expected a string, found byte 0x1"),
    ("{}}", "header byte 2: expected the end of the header, found '}'"),
    ("{}\0", "header byte 2: expected the end of the header, found byte 0x0"),
    (#"{"x"}"#, "header byte 4: expected ':', found '}'"),
    (#"{"x":1}"#, "tensor 'x': header byte 5: expected '{', found '1'"),
    (#"{"x":{}}"#, "tensor 'x': header byte 7: dtype is missing"),
    (#"{"x":{"dtype":"U8"}}"#, "tensor 'x': header byte 19: shape is missing"),
    (
      #"{"x":{"dtype":"U8","shape":[]}}"#,
      "tensor 'x': header byte 30: data_offsets is missing"
    ),
    (
      #"{"x":{"size":1}}"#,
      "tensor 'x': header byte 13: expected dtype, shape or data_offsets, found 'size'"
    ),
    (x() + ",", "header byte 53: expected the end of the header, found ','"),
    (
      #"{"__metadata__":{"a":"b"},}"#, "header byte 26: expected a string, found '}'"
    ),
    (#"{"__metadata__":{"a":"b" "c"}}"#, "header byte 25: expected ',' or '}', found '\"'"),
    (#"{"__metadata__":{"a":1}}"#, "header byte 21: expected a string, found '1'"),
    (#"{"__metadata__":{"a":null}}"#, "header byte 21: expected a string, found 'n'"),
    (#"{"__metadata__":[]}"#, "header byte 16: expected '{', found '['"),
    (#"{"__metadata__":{"a":{"b":"c"}}}"#, "header byte 21: expected a string, found '{'"),
    (
      #"{"x":"# + String(repeating: "[", count: 100_000),
      "tensor 'x': header byte 5: expected '{', found '['"
    ),
    (
      #"{"x":{"shape":"# + String(repeating: "[", count: 100_000),
      "tensor 'x': header byte 15: expected a number, found '['"
    ),
  ]

  static let strings: [(String, String)] = [
    ("{\"a\nb\":1}", "header byte 3: expected an escaped control character, found byte 0xa"),
    (#"{"a"#, "header byte 3: expected a closing '\"', found the end of the header"),
    (#"{"a\"#, "header byte 4: expected an escape, found the end of the header"),
    (#"{"\x":1}"#, "header byte 3: expected an escape, found 'x'"),
    (#"{"\u12"#, "header byte 4: expected 4 hexadecimal digits, found '12'"),
    (#"{"\u+123":1}"#, "header byte 4: expected 4 hexadecimal digits, found '+123'"),
    (#"{"\ud83d":1}"#, "header byte 8: a surrogate is not half of a pair"),
    (#"{"\ude00\ud83d":1}"#, "header byte 8: a surrogate is not half of a pair"),
    (#"{"\ud83d\u0041":1}"#, "header byte 14: a surrogate is not half of a pair"),
  ]

  static let duplicates: [(String, String)] = [
    (
      #"{"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\u0078":{}}"#,
      "header byte 61: duplicate key 'x'"
    ),
    (
      #"{"x":{"dtype":"U8","dtype":"U8"}}"#, "tensor 'x': header byte 26: duplicate key 'dtype'"
    ),
    (
      #"{"__metadata__":{},"__metadata__":{}}"#,
      "header byte 33: duplicate key '__metadata__'"
    ),
    (#"{"__metadata__":{"a":"","a":""}}"#, "header byte 27: duplicate key 'a'"),
  ]

  static let fields: [(String, String)] = [
    (
      x(dtype: #""F4""#),
      "tensor 'x': header byte 18: dtype 'F4' is not supported; supported are \(types)"
    ),
    (x(dtype: "1"), "tensor 'x': header byte 14: expected a string, found '1'"),
    (x(shape: "4"), "tensor 'x': header byte 27: expected '[', found '4'"),
    (x(shape: "[-4]"), "tensor 'x': header byte 28: \(whole) '-4'"),
    (x(shape: "[4.0]"), "tensor 'x': header byte 28: \(whole) '4.0'"),
    (x(shape: "[4e0]"), "tensor 'x': header byte 28: \(whole) '4e0'"),
    (x(shape: "[04]"), "tensor 'x': header byte 28: \(whole) '04'"),
    (x(shape: "[+4]"), "tensor 'x': header byte 28: \(whole) '+4'"),
    (x(shape: "[-0]"), "tensor 'x': header byte 28: \(whole) '-0'"),
    (
      x(shape: "[9223372036854775808]"),
      "tensor 'x': header byte 28: \(whole) '9223372036854775808'"
    ),
    (x(shape: "[null]"), "tensor 'x': header byte 28: expected a number, found 'n'"),
    (x(shape: "[1,]"), "tensor 'x': header byte 30: expected a number, found ']'"),
    (x(offsets: "[0]"), "tensor 'x': header byte 49: expected 2 data_offsets, found 1"),
    (x(offsets: "[0,2,4]"), "tensor 'x': header byte 53: expected 2 data_offsets, found 3"),
    (x(offsets: "[-1,4]"), "tensor 'x': header byte 47: \(whole) '-1'"),
    (x(offsets: "[0,4.5]"), "tensor 'x': header byte 49: \(whole) '4.5'"),
    (
      x(offsets: "[4,0]"),
      "tensor 'x': header byte 51: data_offsets begin at 4 and end before, at 0"
    ),
  ]

  @Test(arguments: syntax + strings + duplicates + fields)
  func isRefused(header: String, error: String) throws {
    let text = try errorText(reading: fileBytes(header, data: 4))
    #expect(text == "a.safetensors: \(error)")
  }

  static let layouts: [(String, String)] = [
    (
      x(offsets: "[0,3]"),
      "tensor 'x': U8 [4] needs 4 bytes, but data_offsets [0, 3] hold 3"
    ),
    (
      x(dtype: #""F32""#), "tensor 'x': F32 [4] needs 16 bytes, but data_offsets [0, 4] hold 4"
    ),
    (x(shape: "[]"), "tensor 'x': U8 [] needs 1 bytes, but data_offsets [0, 4] hold 4"),
    (x(shape: "[4,0]"), "tensor 'x': U8 [4, 0] needs 0 bytes, but data_offsets [0, 4] hold 4"),
    (
      x(shape: "[4294967296,4294967296]"),
      "tensor 'x': U8 [4294967296, 4294967296] has more bytes than can be counted"
    ),
    (
      x(dtype: #""F64""#, shape: "[2305843009213693952]"),
      "tensor 'x': F64 [2305843009213693952] has more bytes than can be counted"
    ),
    (
      x(shape: "[0,4294967296,4294967296]", offsets: "[0,0]"),
      "tensor 'x': U8 [0, 4294967296, 4294967296] has more bytes than can be counted"
    ),
    (
      x(shape: "[5]", offsets: "[0,5]"),
      "tensor 'x': data_offsets [0, 5] end past the 4 data bytes; truncated?"
    ),
    (
      x(shape: "[9223372036854775807]", offsets: "[0,9223372036854775807]"),
      "tensor 'x': data_offsets [0, 9223372036854775807] end past the 4 data bytes; truncated?"
    ),
    (
      x(shape: "[3]", offsets: "[1,4]"),
      "tensor 'x': data_offsets [1, 4] leave a gap: expected to begin at 0"
    ),
    (x(shape: "[3]", offsets: "[0,3]"), "the tensors end at data byte 3, but 4 bytes are there"),
    ("{}", "the tensors end at data byte 0, but 4 bytes are there"),
    (
      #"{"x":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"#
        + #""y":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
      "tensor 'y': data_offsets [2, 4] overlap the tensor before: expected to begin at 3"
    ),
    (
      #"{"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"#
        + #""y":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}}"#,
      "tensor 'y': data_offsets [2, 2] overlap the tensor before: expected to begin at 4"
    ),
    (
      #"{"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"#
        + #""y":{"dtype":"U8","shape":[0],"data_offsets":[5,5]}}"#,
      "tensor 'y': data_offsets [5, 5] end past the 4 data bytes; truncated?"
    ),
  ]

  @Test(arguments: layouts)
  func doesNotFillTheData(header: String, error: String) throws {
    let text = try errorText(reading: fileBytes(header, data: 4))
    #expect(text == "a.safetensors: \(error)")
  }

  @Test func isNotUTF8() throws {
    for bytes: [UInt8] in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82]] {
      let header = [UInt8](#"{""#.utf8) + bytes + [UInt8](#"":1}"#.utf8)
      #expect(
        try errorText(reading: fileBytes(header, data: []))
          == "a.safetensors: header byte \(3 + bytes.count): a string is not UTF-8")
    }
    #expect(
      try errorText(reading: fileBytes([UInt8(ascii: "{"), 0xEF], data: []))
        == "a.safetensors: header byte 1: expected a string, found byte 0xef")
  }

  @Test func hasTooManyEntries() throws {
    let sizes = String(repeating: "1,", count: 100_001)
    let text = try errorText(reading: fileBytes(#"{"x":{"shape":["# + sizes))
    #expect(text == "a.safetensors: tensor 'x': header byte 200015: more than 100000 entries")
  }

  /// What the file says cannot break the line, or fill the screen.
  @Test func isQuotedOnOneShortLine() throws {
    let name = #"a\n\u001b[31m\u202e"# + String(repeating: "b", count: 1_000_000)
    let text = try errorText(reading: fileBytes(#"{"\#(name)":1}"#))
    let start = #"a.safetensors: tensor 'a\n\u{1b}[31m\u{202e}bbb"#
    #expect(
      text.hasPrefix(start) && text.hasSuffix("b…': header byte 1000023: expected '{', found '1'"))
    #expect(text.count < 200)
    let type = String(repeating: "\\n", count: 1000)
    #expect(try errorText(reading: fileBytes(Self.x(dtype: "\"\(type)\""))).count < 600)
  }
}
