/// A PNG writer for tests: stored (not compressed) rows in any form, and any damage.
enum RawPNG {
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// A PNG of `rows`: filter bytes and samples as the format has them.
  static func encode(width: Int, height: Int, bits: UInt8, colour: UInt8, rows: [UInt8]) -> [UInt8]
  {
    signature + chunk("IHDR", header(width: width, height: height, bits: bits, colour: colour))
      + chunk("IDAT", stored(rows)) + chunk("IEND", [])
  }

  static func header(width: Int, height: Int, bits: UInt8, colour: UInt8) -> [UInt8] {
    bigEndian(width) + bigEndian(height) + [bits, colour, 0, 0, 0]
  }

  static func chunk(_ kind: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(kind.utf8) + data
    return bigEndian(data.count) + body + bigEndian(Int(crc32(body)))
  }

  /// A zlib stream without compression.
  static func stored(_ data: [UInt8]) -> [UInt8] {
    var stream: [UInt8] = [0x78, 0x01]
    var rest = data[...]
    repeat {
      let part = rest.prefix(65535)
      rest = rest.dropFirst(65535)
      let (low, high) = (UInt8(part.count & 255), UInt8(part.count >> 8))
      stream += [rest.isEmpty ? 1 : 0, low, high, ~low, ~high] + part
    } while !rest.isEmpty
    var (a, b) = (1, 0)
    for byte in data {
      a = (a + Int(byte)) % 65521
      b = (b + a) % 65521
    }
    return stream + bigEndian(b << 16 | a)
  }

  static func bigEndian(_ value: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  /// Where chunks of a kind begin.
  static func offsets(of kind: String, in bytes: [UInt8]) -> [Int] {
    bytes.indices.dropLast(8).filter { bytes[($0 + 4)...].starts(with: Array(kind.utf8)) }
  }

  /// Puts other data, with the right checksum, into the chunk that begins at `offset`.
  static func replace(_ bytes: inout [UInt8], chunkAt offset: Int, data: [UInt8]) {
    let length = bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
    let kind = String(decoding: bytes[offset + 4..<offset + 8], as: UTF8.self)
    bytes.replaceSubrange(offset..<offset + 12 + length, with: chunk(kind, data))
  }

  private static func crc32(_ bytes: [UInt8]) -> UInt32 {
    var crc = ~UInt32(0)
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return ~crc
  }
}
