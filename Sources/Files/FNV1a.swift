/// The hash FNV-1a of 64 bits: the same in every process, and good enough to tell names apart.
///
/// Source: Fowler, Noll and Vo, RFC 9923.
@frozen
package struct FNV1a: Hashable, Sendable {
  /// The hash of the bytes so far.
  @usableFromInline package private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  @inlinable package init() {}

  @inlinable package init(_ bytes: some Sequence<UInt8>) { add(bytes) }

  @inlinable package mutating func add(_ byte: UInt8) {
    value = (value ^ UInt64(byte)) &* 0x100_0000_01b3
  }

  @inlinable package mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { add(byte) }
  }
}
