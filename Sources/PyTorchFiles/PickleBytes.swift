import Files

/// Why a pickle cannot be read, before it is known where that was.
struct PickleFault: Error {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}

/// The bytes of a pickle, read from a range of a file in blocks.
struct PickleBytes {
  private static let blockSize = 1 << 16

  private let file: RegularFile
  private let end: Int
  private var block: [UInt8] = []
  private var blockStart: Int
  private var cursor = 0  // in the block

  init(_ file: RegularFile, _ range: Range<Int>) {
    (self.file, blockStart, end) = (file, range.lowerBound, range.upperBound)
  }

  var path: String { file.path }
  /// Where the next byte is in the file.
  var position: Int { blockStart + cursor }
  private var left: Int { end - position }

  mutating func byte() throws -> UInt8 {
    if cursor == block.count { try fill() }
    cursor += 1
    return block[cursor - 1]
  }

  mutating func bytes(_ count: Int) throws -> [UInt8] {
    try require(count)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count {
      if cursor == block.count { try fill() }
      let part = block[cursor..<min(block.count, cursor + count - bytes.count)]
      bytes += part
      cursor += part.count
    }
    return bytes
  }

  /// Moves on without a look at the bytes.
  mutating func skip(_ count: Int) throws {
    try require(count)
    (blockStart, cursor, block) = (position + count, 0, [])
  }

  /// Throws if there are fewer bytes.
  func require(_ count: Int) throws {
    guard count >= 0, count <= left else {
      throw PickleFault("expected \(count) more bytes, found \(left)")
    }
  }

  /// A little-endian number.
  mutating func number<Number: FixedWidthInteger>(_: Number.Type) throws -> Number {
    var number: Number = 0
    for place in 0..<Number.bitWidth / 8 {
      number |= Number(truncatingIfNeeded: try byte()) << (8 * place)
    }
    return number
  }

  /// A length of 32 or 64 bits.
  mutating func count<Number: FixedWidthInteger>(_: Number.Type) throws -> Int {
    let number = try number(Number.self)
    guard let count = Int(exactly: number), count >= 0, count <= left else {
      throw PickleFault("expected \(number) more bytes, found \(left)")
    }
    return count
  }

  /// The bytes before the next line feed, which is passed over.
  mutating func line(limit: Int = 1 << 12) throws -> [UInt8] {
    var line: [UInt8] = []
    while true {
      let byte = try byte()
      if byte == UInt8(ascii: "\n") { return line }
      guard line.count < limit else { throw PickleFault("a line of more than \(limit) bytes") }
      line.append(byte)
    }
  }

  private mutating func fill() throws {
    guard left > 0 else { throw PickleFault("the pickle ends without STOP; cut short?") }
    let next = try file.bytes(at: position, count: min(left, Self.blockSize))
    (blockStart, cursor, block) = (position, 0, next)
  }
}
