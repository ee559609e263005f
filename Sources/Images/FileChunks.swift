/// The chunks of a PNG, up to and with IEND, or of a WebP: (type, where their data are).
///
/// Nothing is checked but that a chunk lies within the file; a damaged one ends the sequence.
struct FileChunks: Sequence, IteratorProtocol {
  private let bytes: UnsafeBufferPointer<UInt8>
  private let isWebP: Bool
  private var offset: Int

  init(_ bytes: UnsafeBufferPointer<UInt8>, isWebP: Bool) {
    (self.bytes, self.isWebP) = (bytes, isWebP)
    offset = isWebP ? 12 : 8
  }

  mutating func next() -> (type: String, data: Range<Int>)? {
    let overhead = isWebP ? 8 : 12  // a PNG has a checksum behind the data
    guard offset <= bytes.count - overhead else { return nil }
    let length = Int(
      isWebP
        ? bytes.uint32BigEndian(at: offset + 4).byteSwapped : bytes.uint32BigEndian(at: offset))
    guard length <= bytes.count - offset - overhead else { return nil }
    let name = offset + (isWebP ? 0 : 4)
    let type = String(decoding: bytes[name..<name + 4], as: UTF8.self)
    let data = offset + 8..<offset + 8 + length
    offset = data.upperBound + (isWebP ? length % 2 : 4)
    if !isWebP && type == "IEND" { offset = bytes.count }
    return (type, data)
  }
}

/// The segments of a JPEG up to the first scan: (marker, where their data are after the length).
struct JPEGSegments: Sequence, IteratorProtocol {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var offset = 2

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  mutating func next() -> (marker: UInt8, data: Range<Int>)? {
    while offset <= bytes.count - 4 {
      let marker = bytes[offset + 1]
      guard bytes[offset] == 0xFF, marker != 0xFF, marker != 0 else {
        offset += 1  // fill bytes, or what a decoder jumps over
        continue
      }
      let length = Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3])
      guard marker != 0xDA, length >= 2, length <= bytes.count - offset - 2 else { return nil }
      let data = offset + 4..<offset + 2 + length
      offset = data.upperBound
      return (marker, data)
    }
    return nil
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// Four bytes as a number, the most significant first.
  func uint32BigEndian(at offset: Int) -> UInt32 {
    self[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
  }
}
