import Autodiff

/// The chunks of a PNG: (type, where their data are), up to and with IEND.
///
/// Nothing is checked but that a chunk lies within the file; a damaged one ends the sequence.
struct PNGChunks: Sequence, IteratorProtocol {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var offset = 8

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  mutating func next() -> (type: FourBytes, data: Range<Int>)? {
    guard offset <= bytes.count - 12 else { return nil }
    let length = Int(bytes.uint32BigEndian(at: offset))
    guard length <= bytes.count - offset - 12 else { return nil }
    let chunk = (FourBytes(bytes, at: offset + 4), offset + 8..<offset + 8 + length)
    offset = chunk.0 == "IEND" ? bytes.count : offset + length + 12
    return chunk
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

/// The chunks of a WebP: (type, where their data are).
struct WebPChunks: Sequence, IteratorProtocol {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var offset = 12

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  mutating func next() -> (type: FourBytes, data: Range<Int>)? {
    guard offset <= bytes.count - 8 else { return nil }
    let length = Int(bytes.uint32BigEndian(at: offset + 4).byteSwapped)
    guard length <= bytes.count - offset - 8 else { return nil }
    let chunk = (FourBytes(bytes, at: offset), offset + 8..<offset + 8 + length)
    offset = chunk.1.upperBound + length % 2
    return chunk
  }
}

/// The name of a chunk.
struct FourBytes: Hashable, ExpressibleByStringLiteral {
  private let value: UInt32

  init(_ bytes: UnsafeBufferPointer<UInt8>, at offset: Int) {
    value = bytes.uint32BigEndian(at: offset)
  }

  init(stringLiteral text: StaticString) {
    checkPrecondition(text.utf8CodeUnitCount == 4, "FourBytes: \(text)")
    value = UnsafeBufferPointer(start: text.utf8Start, count: 4).uint32BigEndian(at: 0)
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// Four bytes as a number, the most significant first.
  func uint32BigEndian(at offset: Int) -> UInt32 {
    self[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
  }
}
