/// The records of TensorFlow's files, of which TensorBoard's are made.
///
/// A record is the number of its bytes (UInt64), a checksum of that, the bytes, a checksum of them;
/// all little-endian. Source: `tensorflow/core/lib/io/record_writer.h`.
package enum TFRecord {
  private static let (head, foot) = (12, 4)

  package static func framed(_ payload: [UInt8]) -> [UInt8] {
    let length = bytes(of: UInt64(payload.count))
    return length + bytes(of: maskedCRC(length)) + payload + bytes(of: maskedCRC(payload))
  }

  /// The payload of the record that begins at a place in a file, and the place behind it; none at
  /// the end of the file, and where a record is torn or damaged.
  package static func read(_ file: [UInt8], at start: Int) -> (
    payload: ArraySlice<UInt8>, end: Int
  )? {
    let rest = file[start...]
    guard rest.count >= head + foot else { return nil }
    let length = rest.prefix(8)
    let count = length.reversed().reduce(UInt64(0)) { ($0 << 8) | UInt64($1) }
    guard count <= UInt64(rest.count - head - foot) else { return nil }
    let payload = rest.dropFirst(head).prefix(Int(count))
    let end = payload.endIndex + foot
    guard rest.dropFirst(8).prefix(4).elementsEqual(bytes(of: maskedCRC(length))),
      file[payload.endIndex..<end].elementsEqual(bytes(of: maskedCRC(payload)))
    else { return nil }
    return (payload, end)
  }

  /// The checksum of a record: CRC-32C, turned and shifted so that files of records within records
  /// do not sum up to a constant.
  private static func maskedCRC(_ bytes: some Sequence<UInt8>) -> UInt32 {
    let sum = crc32c(bytes)
    return ((sum >> 15) | (sum << 17)) &+ 0xa282_ead8
  }

  /// CRC-32C: Castagnoli's polynomial, bits mirrored (RFC 3720, appendix B.4).
  package static func crc32c(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var sum = ~UInt32(0)
    for byte in bytes { sum = table[Int((sum ^ UInt32(byte)) & 255)] ^ (sum >> 8) }
    return ~sum
  }

  /// What eight shifts make of a byte.
  private static let table: [UInt32] = (0..<256).map { index in
    var sum = UInt32(index)
    for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : (sum >> 1) ^ 0x82f6_3b78 }
    return sum
  }

  private static func bytes(of number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }
}
