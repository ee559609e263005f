/// What a sound PNG or JPEG says of itself beyond its pixels.
struct ImageHeader: Hashable, Sendable {
  /// "PNG" or "JPEG", " in gzip" if it is.
  let format: String
  /// Its channels, and its bits if they are not 8: "RGB", "gray 16-bit", "palette 4-bit".
  let mode: String
  /// The EXIF orientation, whether or not it is one of the eight; nil if there is none.
  let orientation: Int?

  /// Reads the bytes of a file that has been decoded; nil if it is neither PNG nor JPEG.
  init?(_ bytes: [UInt8], name: String, maxBytes: Int) {
    let isPacked = ImageFormat(sniffing: bytes) == .gzip
    let inner = isPacked ? (try? gunzipped(bytes, name: name, maxBytes: maxBytes)) ?? [] : bytes
    let format = ImageFormat(sniffing: inner)
    let read: (mode: String, exif: Range<Int>?)?
    switch format {
    case .png: read = Self.png(inner)
    case .jpeg: read = Self.jpeg(inner)
    default: return nil
    }
    guard let read else { return nil }
    self.format = format.name + (isPacked ? " in gzip" : "")
    mode = read.mode
    orientation = read.exif.flatMap { range in
      inner[range].withUnsafeBufferPointer { ExifOrientation.value(exif: $0) }
    }
  }

  private static func png(_ bytes: [UInt8]) -> (mode: String, exif: Range<Int>?)? {
    guard bytes.count > 33 else { return nil }
    let names: [UInt8: String] = [0: "gray", 2: "RGB", 3: "palette", 4: "gray+alpha", 6: "RGBA"]
    guard let name = names[bytes[25]] else { return nil }
    let mode = bytes[24] == 8 ? name : "\(name) \(bytes[24])-bit"
    var at = 8
    while at <= bytes.count - 12 {
      let length = bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
      guard length <= bytes.count - at - 12 else { break }
      if bytes[at + 4..<at + 8].elementsEqual("eXIf".utf8) {
        return (mode, at + 8..<at + 8 + length)
      }
      at += 12 + length
    }
    return (mode, nil)
  }

  private static func jpeg(_ bytes: [UInt8]) -> (mode: String, exif: Range<Int>?)? {
    var at = 2
    var exif: Range<Int>?
    while at <= bytes.count - 4 {
      guard bytes[at] == 0xFF, bytes[at + 1] != 0xFF else {
        at += 1  // fill bytes, or what a lenient decoder has jumped over
        continue
      }
      let (marker, length) = (bytes[at + 1], Int(bytes[at + 2]) << 8 | Int(bytes[at + 3]))
      guard length >= 2, length <= bytes.count - at - 2 else { return nil }
      let data = at + 4..<at + 2 + length
      if marker == 0xE1, exif == nil, bytes[data].starts(with: Array("Exif\0\0".utf8)) {
        exif = data.lowerBound + 6..<data.upperBound
      }
      if (0xC0...0xCF).contains(marker), ![0xC4, 0xC8, 0xCC].contains(marker), length >= 8 {
        let names: [UInt8: String] = [1: "gray", 3: "RGB", 4: "CMYK"]
        return names[bytes[at + 9]].map { ($0, exif) }
      }
      at = data.upperBound
    }
    return nil
  }
}
