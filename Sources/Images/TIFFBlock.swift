/// Bounded reading of numbers in the byte order that a TIFF block announces.
struct TIFFBlock {
  private let bytes: UnsafeBufferPointer<UInt8>
  private let isLittleEndian: Bool

  /// A block that begins with a byte order and 42, in either order, as Pillow takes it.
  init?(bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
    guard bytes.count >= 8 else { return nil }
    switch (bytes[0], bytes[1]) {
    case (0x49, 0x49): isLittleEndian = true
    case (0x4D, 0x4D): isLittleEndian = false
    default: return nil
    }
    guard [bytes[2], bytes[3]] == [0, 42] || [bytes[2], bytes[3]] == [42, 0] else { return nil }
  }

  /// The value of tag 0x0112, the orientation: nil if it is not there or lies outside of the block,
  /// and 0 if it is no whole number.
  ///
  /// Only the first directory is read, and no link is followed, so links that loop do not matter.
  /// Of several values the first one counts.
  var orientation: Int? {
    guard let directory = uint32(at: 4), let entries = uint16(at: directory) else { return nil }
    for entry in 0..<entries {
      let offset = directory + 2 + 12 * entry
      guard let tag = uint16(at: offset), let type = uint16(at: offset + 2),
        let count = uint32(at: offset + 4), offset + 12 <= bytes.count
      else { return nil }
      guard tag == 0x0112 else { continue }
      guard let size = Self.sizes[type], count > 0 else { return nil }
      // Up to four bytes stand in the entry itself.
      guard let start = count * size <= 4 ? offset + 8 : uint32(at: offset + 8),
        start <= bytes.count, count * size <= bytes.count - start
      else { return nil }
      return value(type, at: start) ?? 0
    }
    return nil
  }

  /// Bytes of a value by its type: BYTE, ASCII, SHORT, LONG, RATIONAL, SBYTE, …, DOUBLE, IFD.
  private static let sizes = [
    1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4,
  ]

  private func value(_ type: Int, at offset: Int) -> Int? {
    switch type {
    case 3: uint16(at: offset)
    case 4, 13: uint32(at: offset)
    case 6: Int(Int8(bitPattern: bytes[offset]))
    case 8: uint16(at: offset).map { Int(Int16(truncatingIfNeeded: $0)) }
    case 9: uint32(at: offset).map { Int(Int32(truncatingIfNeeded: $0)) }
    default: nil
    }
  }

  private func uint16(at offset: Int) -> Int? {
    guard offset >= 0, offset <= bytes.count - 2 else { return nil }
    let first = Int(bytes[offset])
    let second = Int(bytes[offset + 1])
    return isLittleEndian ? second << 8 | first : first << 8 | second
  }

  private func uint32(at offset: Int) -> Int? {
    guard let first = uint16(at: offset), let second = uint16(at: offset + 2) else { return nil }
    return isLittleEndian ? second << 16 | first : first << 16 | second
  }
}
