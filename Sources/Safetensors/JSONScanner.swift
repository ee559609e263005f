import Files

/// Reads JSON piece by piece, as the caller expects it to be.
///
/// There is no general value and so no recursion: what is nested deeper than the caller asks
/// for is an unexpected character. Keys are unique, numbers are whole and not negative.
struct JSONScanner {
  static let maxEntries = 100_000  // members an object may have, and elements an array may have

  let bytes: [UInt8]
  let path: String
  var tensor: String?  // the tensor that errors are about
  private var position = 0

  init(_ bytes: [UInt8], path: String) {
    (self.bytes, self.path) = (bytes, path)
  }

  /// Reads `{"key": value, …}`; `member` reads the value.
  mutating func object(_ member: (inout JSONScanner, String) throws -> Void) throws {
    var keys: Set<String> = []
    try list(open: "{", close: "}") { scanner in
      let key = try scanner.string()
      guard keys.insert(key).inserted else {
        throw scanner.error("duplicate key '\(key.printable())'")
      }
      try scanner.expect(":")
      try member(&scanner, key)
    }
  }

  /// Reads `[1, 2, …]`.
  mutating func integers() throws -> [Int] {
    var values: [Int] = []
    try list(open: "[", close: "]") { values.append(try $0.integer()) }
    return values
  }

  mutating func string() throws -> String {
    try expect("\"", as: "a string")
    var text: [UInt8] = []
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        guard let string = String(validating: text, as: UTF8.self) else {
          throw error("a string is not UTF-8")
        }
        return string
      case UInt8(ascii: "\\"):
        position += 1
        text.append(contentsOf: String(try escaped()).utf8)
      case 0..<0x20: throw unexpected("an escaped control character")
      default:
        position += 1
        text.append(byte)
      }
    }
    throw unexpected("a closing '\"'")
  }

  mutating func end() throws {
    skipSpace()
    if next != nil { throw unexpected("the end of the header") }
  }

  func error(_ reason: String) -> TensorFileError {
    TensorFileError(path: path, tensor: tensor, reason: "header byte \(position): \(reason)")
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func list(
    open: Unicode.Scalar, close: Unicode.Scalar, _ entry: (inout JSONScanner) throws -> Void
  ) throws {
    try expect(open)
    skipSpace()
    var count = 0
    if next != UInt8(ascii: close) {
      repeat {
        count += 1
        guard count <= Self.maxEntries else { throw error("more than \(Self.maxEntries) entries") }
        try entry(&self)
      } while take(",")
    }
    try expect(close, as: "',' or '\(close)'")
  }

  private mutating func integer() throws -> Int {
    skipSpace()
    let token = bytes[position...].prefix { "+-.0123456789eE".utf8.contains($0) }
    guard !token.isEmpty else { throw unexpected("a number") }
    let text = String(decoding: token, as: UTF8.self)
    guard let value = Int(text), value >= 0, text == String(value) else {
      throw error("expected a whole number from 0 to \(Int.max), found '\(text.printable())'")
    }
    position = token.endIndex
    return value
  }

  private mutating func escaped() throws -> Unicode.Scalar {
    guard let byte = next else { throw unexpected("an escape") }
    let plain = "\"\\/bfnrtu".unicodeScalars.first { UInt8(ascii: $0) == byte }
    guard let plain else { throw unexpected("an escape") }
    position += 1
    switch plain {
    case "b": return "\u{8}"
    case "f": return "\u{C}"
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "u": return try unicodeEscape()
    default: return plain
    }
  }

  /// Reads the digits of `\u0041`, or of a pair of surrogates such as `\ud83d\ude00`.
  private mutating func unicodeEscape() throws -> Unicode.Scalar {
    let high = try hexadecimal()
    if let scalar = Unicode.Scalar(high) { return scalar }
    if high < 0xDC00, bytes[position...].starts(with: "\\u".utf8) {
      position += 2
      let low = try hexadecimal()
      let value = 0x10000 + (high - 0xD800) << 10 + (low & 0x3FF)
      if (0xDC00..<0xE000).contains(low), let scalar = Unicode.Scalar(value) { return scalar }
    }
    throw error("a surrogate is not half of a pair")
  }

  private mutating func hexadecimal() throws -> UInt32 {
    let digits = bytes[position...].prefix(4)
    let text = String(decoding: digits, as: UTF8.self)
    guard digits.count == 4, text.allSatisfy(\.isHexDigit), let value = UInt32(text, radix: 16)
    else { throw error("expected 4 hexadecimal digits, found '\(text.printable())'") }
    position += 4
    return value
  }

  private mutating func expect(_ character: Unicode.Scalar, as what: String? = nil) throws {
    guard take(character) else { throw unexpected(what ?? "'\(character)'") }
  }

  /// Goes past `character` if it is next.
  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = next, " \t\r\n".utf8.contains(byte) { position += 1 }
  }

  private func unexpected(_ expected: String) -> TensorFileError {
    let found =
      switch next {
      case nil: "the end of the header"
      case .some(let byte) where (0x20..<0x7F).contains(byte): "'\(Unicode.Scalar(byte))'"
      case .some(let byte): "byte 0x" + String(byte, radix: 16)
      }
    return error("expected \(expected), found \(found)")
  }
}

extension JSONScanner {
  /// Reads `{"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}`.
  mutating func place(of name: String) throws -> Header.Place {
    tensor = name
    defer { tensor = nil }
    var type: ElementType?
    var shape: [Int]?
    var offsets: Range<Int>?
    try object { scanner, key in
      switch key {
      case "dtype": type = try scanner.elementType()
      case "shape": shape = try scanner.integers()
      case "data_offsets": offsets = try scanner.dataOffsets()
      default:
        throw scanner.error(
          "expected dtype, shape or data_offsets, found '\(key.printable())'")
      }
    }
    guard let type else { throw error("dtype is missing") }
    guard let shape else { throw error("shape is missing") }
    guard let offsets else { throw error("data_offsets is missing") }
    guard let info = TensorInfo(name: name, type: type, shape: shape) else {
      let kind = "\(type.rawValue) \("\(shape)".printable())"
      throw TensorFileError(
        path: path, tensor: name, reason: "\(kind) has more bytes than can be counted")
    }
    return (info, offsets)
  }

  private mutating func elementType() throws -> ElementType {
    let text = try string()
    if let type = ElementType(rawValue: text) { return type }
    let known = ElementType.allCases.map(\.rawValue).joined(separator: ", ")
    throw error("dtype '\(text.printable())' is not supported; supported are \(known)")
  }

  private mutating func dataOffsets() throws -> Range<Int> {
    let values = try integers()
    guard values.count == 2 else {
      throw error("expected 2 data_offsets, found \(values.count)")
    }
    guard values[0] <= values[1] else {
      throw error("data_offsets begin at \(values[0]) and end before, at \(values[1])")
    }
    return values[0]..<values[1]
  }
}
