import Files

// Numbers and texts as the older protocols write them, and lengths.
extension PickleMachine {
  static let maxText = 1 << 16  // bytes of a text that is kept

  private static let escapes: [UInt8: UInt8] = [
    UInt8(ascii: "\\"): UInt8(ascii: "\\"), UInt8(ascii: "'"): UInt8(ascii: "'"),
    UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13,
    UInt8(ascii: "t"): 9,
  ]

  /// A whole number of so many bytes in two's complement.
  mutating func pushLong(_ count: Int) throws {
    guard count <= 8 else {
      try bytes.skip(count)
      return try push(.number)
    }
    let digits = try bytes.bytes(count)
    let sign: UInt64 = digits.last.map { $0 >= 128 } ?? false ? .max : 0
    let bits = digits.reversed().reduce(sign) { $0 << 8 | UInt64($1) }
    try push(.integer(Int(Int64(bitPattern: bits))))
  }

  /// "12", "12L", and for truth values "00" and "01".
  func integer(of line: [UInt8]) throws -> PickleValue {
    if line == Array("00".utf8) || line == Array("01".utf8) { return .bool(line[1] == 49) }
    let text = String(
      decoding: line.last == UInt8(ascii: "L") ? line.dropLast() : line[...], as: UTF8.self)
    if let value = Int(text) { return .integer(value) }
    let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }) else {
      throw PickleFault("'\(text.printable())' is no integer")
    }
    return .number
  }

  func number(of line: [UInt8]) throws -> PickleValue {
    let text = String(decoding: line, as: UTF8.self)
    guard Double(text) != nil else { throw PickleFault("'\(text.printable())' is no number") }
    return .number
  }

  /// A place in the memo, as digits.
  func place(of line: [UInt8]) throws -> Int {
    guard case .integer(let place) = try integer(of: line) else {
      throw PickleFault("a place in the memo that is no number")
    }
    return place
  }

  /// A name in a line.
  func name(_ line: [UInt8]) throws -> String {
    guard let name = String(validating: line, as: UTF8.self) else {
      throw PickleFault("a name that is not UTF-8")
    }
    return name
  }

  mutating func pushText(count: Int) throws {
    guard count <= Self.maxText else {
      try bytes.skip(count)
      return try push(.bytes)
    }
    try pushText(try bytes.bytes(count))
  }

  /// Texts that are not UTF-8, as those of Python 2 may be, are bytes.
  mutating func pushText(_ utf8: [UInt8]) throws {
    guard let text = String(validating: utf8, as: UTF8.self) else { return try push(.bytes) }
    try push(try heap.text(text))
  }

  /// The bytes of a text in quotes, as Python 2 prints it: `'it\'s'`.
  func quoted(_ line: [UInt8]) throws -> [UInt8] {
    guard line.count >= 2, let quote = line.first, quote == line.last,
      quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"")
    else { throw PickleFault("a text without quotes") }
    var text: [UInt8] = []
    var rest = line[1..<line.count - 1]
    while let byte = rest.popFirst() {
      if byte != UInt8(ascii: "\\") {
        text.append(byte)
      } else if let escaped = rest.popFirst() {
        if escaped == UInt8(ascii: "x") {
          text.append(UInt8(try hexadecimal(&rest, digits: 2)))
        } else if let plain = Self.escapes[escaped] {
          text.append(plain)
        } else {
          throw PickleFault("an escape '\\\(Character(Unicode.Scalar(escaped)))' in a text")
        }
      } else {
        throw PickleFault("a text that ends in '\\'")
      }
    }
    return text
  }

  /// The UTF-8 of a line in Latin-1, in which `\u` and `\U` stand before 4 and 8 digits.
  func unescaped(_ line: [UInt8]) throws -> [UInt8] {
    var text = String.UnicodeScalarView()
    var rest = line[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\"), let kind = rest.first,
        kind == UInt8(ascii: "u") || kind == UInt8(ascii: "U")
      else {
        text.append(Unicode.Scalar(byte))
        continue
      }
      rest.removeFirst()
      let value = try hexadecimal(&rest, digits: kind == UInt8(ascii: "u") ? 4 : 8)
      guard let scalar = Unicode.Scalar(value) else {
        throw PickleFault("\(value) is no character")
      }
      text.append(scalar)
    }
    return Array(String(text).utf8)
  }

  private func hexadecimal(_ rest: inout ArraySlice<UInt8>, digits: Int) throws -> UInt32 {
    let text = rest.prefix(digits)
    guard text.count == digits, text.allSatisfy({ $0 != UInt8(ascii: "+") }),
      let value = UInt32(String(decoding: text, as: UTF8.self), radix: 16)
    else { throw PickleFault("expected \(digits) hexadecimal digits in a text") }
    rest.removeFirst(digits)
    return value
  }
}
