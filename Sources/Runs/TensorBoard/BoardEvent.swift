/// What a record of TensorBoard's files says, as far as a run needs it.
///
/// Encoded as the protocol buffer `Event` of TensorFlow (`core/util/event.proto`, `summary.proto`),
/// a field after the other in the order of their numbers, as TensorBoard's own writer does.
enum BoardEvent {
  /// What a file begins with.
  case version
  /// Numbers under their tags, at one place of the axis.
  case scalars(step: Int, [(tag: String, value: Float)])

  /// The bytes of the message; the time is in seconds since 1970.
  func encoded(at time: Double) -> [UInt8] {
    var message = Message()
    message.double(1, time)
    switch self {
    case .version: message.bytes(3, "brain.Event:2".utf8)
    case .scalars(let step, let values):
      if step != 0 { message.integer(2, step) }
      var summary = Message()
      for (tag, number) in values {
        var value = Message()
        value.bytes(1, tag.utf8)
        value.float(2, number)
        summary.bytes(1, value.encoded)
      }
      message.bytes(5, summary.encoded)
    }
    return message.encoded
  }

  /// Whether a message says the same, be it at another time.
  func isEncoded(in message: ArraySlice<UInt8>) -> Bool {
    let here = encoded(at: 0)
    return message.first == here.first && message.dropFirst(9).elementsEqual(here.dropFirst(9))
  }
}

/// A protocol buffer that is being written: fields with their numbers.
private struct Message {
  private(set) var encoded: [UInt8] = []

  mutating func integer(_ field: UInt64, _ value: Int) {
    varint(field << 3)
    varint(UInt64(bitPattern: Int64(value)))
  }

  mutating func double(_ field: UInt64, _ value: Double) {
    varint(field << 3 | 1)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { encoded += $0 }
  }

  mutating func bytes(_ field: UInt64, _ value: some Collection<UInt8>) {
    varint(field << 3 | 2)
    varint(UInt64(value.count))
    encoded += value
  }

  mutating func float(_ field: UInt64, _ value: Float) {
    varint(field << 3 | 5)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { encoded += $0 }
  }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest > 127 {
      encoded.append(UInt8(truncatingIfNeeded: rest) | 128)
      rest >>= 7
    }
    encoded.append(UInt8(rest))
  }
}
