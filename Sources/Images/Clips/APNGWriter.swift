import Autodiff
import CImage

/// Writes 8-bit grey frames, [frames, height, width], as an animated PNG that begins anew behind
/// its last frame: the PNG specification, third edition, 11.3.2.
///
/// The frames are as the PNG encoder makes them, so that nothing is lost; the file appears under
/// `path` when it is complete.
///
/// - Parameter rate: whole frames per second.
/// - Throws: `ImageError` if it cannot be written.
package func writeAPNG(
  gray frames: [UInt8], width: Int, height: Int, rate: Int = 4, to path: String
) throws(ImageError) {
  let area = width * height
  checkPrecondition(
    area > 0 && !frames.isEmpty && frames.count % area == 0 && rate > 0 && rate < 1 << 16,
    "writeAPNG: \(frames.count) bytes are no frames of \(width) × \(height) at \(rate) a second")
  let count = frames.count / area
  var bytes: [UInt8] = []
  var sequence = 0
  func next() -> [UInt8] {
    defer { sequence += 1 }
    return bigEndian(sequence)
  }
  for frame in 0..<count {
    let png = try encodePNG(
      Array(frames[frame * area..<(frame + 1) * area]), width: width, height: height, channels: 1,
      effort: 9, name: path)
    let chunks = png.withUnsafeBufferPointer { Array(FileChunks($0, isWebP: false)) }
    if frame == 0 {
      bytes = Array(png[..<chunks[0].data.upperBound] + png[chunks[0].data.upperBound...].prefix(4))
      bytes.appendChunk("acTL", bigEndian(count) + bigEndian(0))
    }
    // The whole canvas for 1 / rate seconds; it stays, and the next one replaces it.
    bytes.appendChunk(
      "fcTL",
      next() + bigEndian(width) + bigEndian(height) + bigEndian(0) + bigEndian(0)
        + bigEndian(1 << 16 | rate) + [0, 0])
    for chunk in chunks where chunk.type == "IDAT" {
      if frame == 0 {
        bytes.appendChunk("IDAT", png[chunk.data])
      } else {
        bytes.appendChunk("fdAT", next() + png[chunk.data])
      }
    }
  }
  bytes.appendChunk("IEND", [])
  try replaceFile(at: path, with: bytes)
}

/// The last four bytes of a number, the most significant first.
func bigEndian(_ value: Int) -> [UInt8] {
  (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
}

extension [UInt8] {
  /// Appends a chunk of a PNG: length, type, data, checksum.
  mutating func appendChunk(_ type: String, _ data: some Collection<UInt8>) {
    let checked = Array(type.utf8) + data
    self += bigEndian(data.count) + checked
    self += bigEndian(Int(cimage_crc32(checked, checked.count)))
  }
}
