import Images

/// PNG, JPEG, gzip, EXIF and whatever else a folder of images may hold.
struct ImageTarget: Target {
  /// The defaults but for the limits, and all that is off by default.
  private static let decoders = [
    ImageDecoder(maxPixels: 1 << 18, maxSide: 8192, maxBytes: 1 << 21),
    ImageDecoder(
      appliesOrientation: false, alpha: .composited(red: 255, green: 0, blue: 9), isLenient: true,
      maxPixels: 1 << 18, maxSide: 8192, maxBytes: 1 << 21),
  ]

  func test(_ bytes: [UInt8]) {
    for decoder in Self.decoders {
      guard let image = attempt({ try decoder.decode(bytes, name: "input") }) else { continue }
      let size = "\(image.width) × \(image.height)"
      check(image.width * image.height <= decoder.maxPixels, "\(size) pixels are over the limit")
      check(image.pixels.count == 3 * image.width * image.height, "wrong bytes for \(size)")
    }
  }

  /// Mostly with the checksums of a PNG put right, so that libpng reads beyond the first chunk.
  func mutated(_ bytes: [UInt8], limit: Int, seed: UInt32) -> [UInt8] {
    var bytes = mutatedByFuzzer(bytes, limit: limit)
    if seed % 8 != 0 { repairPNG(&bytes) }
    return bytes
  }
}

/// Writes the right checksum after every chunk that is whole.
private func repairPNG(_ bytes: inout [UInt8]) {
  var start = 8
  guard bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) else { return }
  while start + 12 <= bytes.count {
    let length = bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
    let end = start + 8 + length
    guard end + 4 <= bytes.count else { return }
    let checksum = crc32(bytes[(start + 4)..<end])
    for i in 0..<4 { bytes[end + i] = UInt8(truncatingIfNeeded: checksum >> (24 - 8 * i)) }
    start = end + 4
  }
}

private let crcTable: [UInt32] = (0..<256).map { (byte: UInt32) in
  (0..<8).reduce(byte) { crc, _ in
    let half = crc >> 1
    return crc & 1 == 1 ? 0xEDB8_8320 ^ half : half
  }
}

private func crc32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
  var crc = UInt32.max
  for byte in bytes {
    let index = UInt8(truncatingIfNeeded: crc) ^ byte
    crc = crcTable[Int(index)] ^ (crc >> 8)
  }
  return ~crc
}
