/// A GIF writer for tests: frames of four colours in any form, and any damage.
enum RawGIF {
  /// Black, red, green and blue.
  static let palette: [UInt8] = [0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255]

  /// A GIF of blocks, with a palette of two or four colours.
  static func encode(
    width: UInt8, height: UInt8, palette: [UInt8] = palette, background: UInt8 = 0,
    _ blocks: [[UInt8]]
  ) -> [UInt8] {
    Array("GIF89a".utf8) + [width, 0, height, 0, palette.count == 6 ? 0x80 : 0x81, background, 0]
      + palette + blocks.flatMap(\.self) + [0x3B]
  }

  /// What is said of the next frame, for a tenth of a second.
  static func control(disposal: UInt8 = 0, transparent: UInt8? = nil) -> [UInt8] {
    let flags = disposal << 2 | (transparent == nil ? 0 : 1)
    return `extension`(0xF9, [flags, 10, 0, transparent ?? 0])
  }

  static func `extension`(_ label: UInt8, _ data: [UInt8]) -> [UInt8] {
    [0x21, label, UInt8(data.count)] + data + [0]
  }

  /// A row of pixels, each an index of 0 to 3; or of a width that is said, whatever they are.
  static func row(_ pixels: [UInt8], x: UInt8 = 0, width: UInt8? = nil) -> [UInt8] {
    let codes = codes(pixels)
    return [0x2C, x, 0, 0, 0, width ?? UInt8(pixels.count), 0, 1, 0, 0, 2, UInt8(codes.count)]
      + codes + [0]
  }

  /// Codes of three bits, which start anew (4) before each pair of pixels, and an end (5).
  private static func codes(_ pixels: [UInt8]) -> [UInt8] {
    let codes = pixels.enumerated().flatMap { $0 % 2 == 0 ? [4, Int($1)] : [Int($1)] } + [5]
    return bytes(of: codes.map { ($0, 3) })
  }

  /// Codes, each of so many bits, one behind the other from the lowest bit on.
  static func bytes(of codes: [(code: Int, bits: Int)]) -> [UInt8] {
    var (bytes, place) = ([UInt8](), 0)
    for (code, bits) in codes {
      for bit in 0..<bits {
        if place % 8 == 0 { bytes.append(0) }
        bytes[place / 8] |= UInt8(code >> bit & 1) << (place % 8)
        place += 1
      }
    }
    return bytes
  }
}
