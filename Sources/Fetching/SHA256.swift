import Files
import Foundation

/// SHA-256 of bytes that come in pieces. Source: FIPS 180-4.
///
/// Our own, as a library for it would be most of the build, and `sha256sum` is not everywhere.
package struct SHA256 {
  private var state: SIMD8<UInt32> = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab,
    0x5be0_cd19,
  ]
  /// Bytes that do not fill a block of 64 yet.
  private var rest: [UInt8] = []
  private var byteCount: UInt64 = 0
  private var schedule = [UInt32](repeating: 0, count: 64)

  package init() {}

  package mutating func add(_ bytes: UnsafeRawBufferPointer) {
    byteCount += UInt64(bytes.count)
    var bytes = bytes[...]
    if !rest.isEmpty {
      let part = bytes.prefix(64 - rest.count)
      rest += part
      bytes = bytes.dropFirst(part.count)
      guard rest.count == 64 else { return }
      rest.withUnsafeBytes { Self.add($0, to: &state, &schedule) }
      rest.removeAll(keepingCapacity: true)
    }
    let whole = UnsafeRawBufferPointer(rebasing: bytes.prefix(bytes.count / 64 * 64))
    Self.add(whole, to: &state, &schedule)
    rest += bytes.dropFirst(whole.count)
  }

  package mutating func add(_ bytes: [UInt8]) { bytes.withUnsafeBytes { add($0) } }

  /// The digest of all bytes so far, as 64 lower-case hexadecimal digits.
  package var digest: String {
    var copy = self
    let zeros = (119 - copy.rest.count) % 64
    let bits = (0..<8).map { UInt8(truncatingIfNeeded: (byteCount * 8) >> (56 - 8 * UInt64($0))) }
    copy.add([0x80] + [UInt8](repeating: 0, count: zeros) + bits)
    return (0..<8).map { String(format: "%08x", copy.state[$0]) }.joined()
  }

  /// The digest of the file at `path`, which is read a megabyte at a time.
  package static func digest(ofFile path: String) throws(FileError) -> String {
    let file = try RegularFile(reading: path)
    var (hash, place) = (SHA256(), 0)
    while place < file.size {
      let piece = try file.bytes(at: place, count: min(1 << 20, file.size - place))
      hash.add(piece)
      place += piece.count
    }
    return hash.digest
  }

  private static func add(
    _ blocks: UnsafeRawBufferPointer, to state: inout SIMD8<UInt32>, _ schedule: inout [UInt32]
  ) {
    func rotated(_ x: UInt32, _ count: UInt32) -> UInt32 { x &>> count | x &<< (32 - count) }
    schedule.withUnsafeMutableBufferPointer { w in
      constants.withUnsafeBufferPointer { k in
        for start in stride(from: 0, to: blocks.count, by: 64) {
          for t in 0..<16 {
            w[t] = UInt32(
              bigEndian: blocks.loadUnaligned(fromByteOffset: start + 4 * t, as: UInt32.self))
          }
          for t in 16..<64 {
            let (x, y) = (w[t - 15], w[t - 2])
            let early = rotated(x, 7) ^ rotated(x, 18) ^ x >> 3
            let late = rotated(y, 17) ^ rotated(y, 19) ^ y >> 10
            w[t] = w[t - 16] &+ early &+ w[t - 7] &+ late
          }
          var (a, b, c, d) = (state[0], state[1], state[2], state[3])
          var (e, f, g, h) = (state[4], state[5], state[6], state[7])
          for t in 0..<64 {
            let choice = e & f ^ ~e & g
            let majority = a & b ^ a & c ^ b & c
            let first =
              h &+ (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) &+ choice &+ k[t] &+ w[t]
            let second = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) &+ majority
            (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ second)
          }
          state &+= SIMD8(a, b, c, d, e, f, g, h)
        }
      }
    }
  }

  /// The first 32 bits of the fractions of the cube roots of the first 64 primes.
  private static let constants: [UInt32] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4,
    0xab1c_5ed5, 0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe,
    0x9bdc_06a7, 0xc19b_f174, 0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f,
    0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da, 0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7,
    0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967, 0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc,
    0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85, 0xa2bf_e8a1, 0xa81a_664b,
    0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070, 0x19a4_c116,
    0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7,
    0xc671_78f2,
  ]
}
