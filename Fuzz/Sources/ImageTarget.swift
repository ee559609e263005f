import Autodiff
import Images

/// PNG, JPEG, WebP, gzip, EXIF, XMP and what else a folder of images may hold, whole and in part.
struct ImageTarget: Target {
  /// The defaults but for the limits, and all that is off by default.
  private static let decoders = [
    ImageDecoder(maxPixels: 1 << 18, maxSide: 8192, maxBytes: 1 << 21),
    ImageDecoder(
      appliesOrientation: false, alpha: .composited(red: 255, green: 0, blue: 9),
      sixteenBit: .pillow, isLenient: true, maxPixels: 1 << 18, maxSide: 8192, maxBytes: 1 << 21,
      scalesWhileDecoding: true),
  ]

  func test(_ bytes: [UInt8]) {
    let random = Random(seed: UInt64(crc32(bytes[...])))
    for (index, decoder) in Self.decoders.enumerated() {
      let whole = attempt { try decoder.decode(bytes, name: "input") }
      if let whole {
        let size = "\(whole.width) × \(whole.height)"
        check(whole.width * whole.height <= decoder.maxPixels, "\(size) pixels are over the limit")
        check(whole.pixels.count == 3 * whole.width * whole.height, "wrong bytes for \(size)")
      }
      testPart(of: bytes, whole, decoder, random.split(index))
    }
  }

  /// A part must be that of the whole, and damage count wherever it is.
  private func testPart(
    of bytes: [UInt8], _ whole: RGBImage?, _ decoder: ImageDecoder, _ random: Random
  ) {
    var geometry: ImageGeometry?
    let part = attempt {
      try decoder.decode(bytes, name: "input") { size in
        geometry = randomGeometry(of: size, random)
        return geometry
      }
    }
    guard let geometry else { return check(part == nil && whole == nil, "no geometry") }
    let kept = geometry.kept
    if let part {
      check(part.width == kept.width && part.height == kept.height, "not the size of \(geometry)")
      check(part.pixels.count == 3 * part.width * part.height, "wrong bytes for \(geometry)")
    }
    check(
      (part == nil) == (whole == nil),
      "only \(part == nil ? "the whole" : "a part") can be decoded: \(geometry)")
    guard let whole else { return }
    // What is made of damage, and what is scaled while decoding, is not exact.
    guard !decoder.isLenient, !decoder.scalesWhileDecoding else { return }
    check(part == whole.applying(geometry), "not what the whole has at \(geometry)")
  }

  /// Mostly with the checksums of a PNG put right, so that libpng reads beyond the first chunk.
  func mutated(_ bytes: [UInt8], limit: Int, seed: UInt32) -> [UInt8] {
    var bytes = mutatedByFuzzer(bytes, limit: limit)
    if seed % 8 != 0 { repairPNG(&bytes) }
    return bytes
  }
}

/// A part of an image, as it is, or resized and cropped again.
private func randomGeometry(of size: ImageSize, _ random: Random) -> ImageGeometry {
  var random = random
  func side(of most: Int) -> (start: Int, length: Int) {
    let length = 1 + random.below(random.below(2) == 0 ? min(most, 20) : most)
    return (random.below(most - length + 1), length)
  }
  let (columns, rows) = (side(of: size.width), side(of: size.height))
  let region = PixelRegion(
    x: columns.start, y: rows.start, width: columns.length, height: rows.length)
  guard random.below(2) == 0 else {
    return ImageGeometry(
      region: region, resized: ImageSize(height: region.height, width: region.width))
  }
  // To a fortieth or to four times the size: libjpeg scales from a quarter on.
  func scaled(_ length: Int) -> Int { min(256, max(1, length * 4 / (1 + random.below(160)))) }
  let resized = ImageSize(height: scaled(rows.length), width: scaled(columns.length))
  func cut(_ length: Int) -> (start: Int, length: Int) {
    random.below(2) == 0
      ? (0, length) : (random.below(2 * length + 8) - length - 4, 1 + random.below(length + 8))
  }
  let (across, down) = (cut(resized.width), cut(resized.height))
  return ImageGeometry(
    region: region, resized: resized, resampling: random.below(2) == 0 ? .bilinear : .bicubic,
    kept: PixelRegion(x: across.start, y: down.start, width: across.length, height: down.length),
    border: random.below(2) == 0 ? .black : .mirrored, isMirrored: random.below(2) == 0)
}

/// Writes the right checksum after every chunk that is whole.
func repairPNG(_ bytes: inout [UInt8]) {
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
