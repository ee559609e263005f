/// What a sound image file says of itself beyond its pixels.
struct ImageHeader: Hashable, Sendable {
  /// "PNG", "JPEG" or "WebP", " in gzip" if it is.
  let format: String
  /// Its channels, and its bits if they are not 8: "RGB", "gray 16-bit", "palette 4-bit".
  let mode: String
  /// The EXIF orientation, whether or not it is one of the eight; nil if there is none.
  let orientation: Int?

  /// Reads the bytes of a file that has been decoded; nil if it is of no format that is read.
  init?(_ bytes: [UInt8], name: String, maxBytes: Int) {
    let isPacked = ImageFormat(sniffing: bytes) == .gzip
    let inner = isPacked ? (try? gunzipped(bytes, name: name, maxBytes: maxBytes)) ?? [] : bytes
    let format = ImageFormat(sniffing: inner)
    let read = inner.withUnsafeBufferPointer { inner in
      let mode: String? =
        switch format {
        case .png: Self.pngMode(inner)
        case .jpeg: Self.jpegMode(inner)
        case .webp: Self.webpMode(inner)
        default: nil
        }
      return mode.map { ($0, CameraMetadata(inner, format: format).orientation) }
    }
    guard let read else { return nil }
    self.format = format.name + (isPacked ? " in gzip" : "")
    (mode, orientation) = read
  }

  private static func pngMode(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
    guard bytes.count > 33 else { return nil }
    let names: [UInt8: String] = [0: "gray", 2: "RGB", 3: "palette", 4: "gray+alpha", 6: "RGBA"]
    return names[bytes[25]].map { bytes[24] == 8 ? $0 : "\($0) \(bytes[24])-bit" }
  }

  private static func jpegMode(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
    let names: [UInt8: String] = [1: "gray", 3: "RGB", 4: "CMYK"]
    let frame = JPEGSegments(bytes).first { marker, data in
      (0xC0...0xCF).contains(marker) && ![0xC4, 0xC8, 0xCC].contains(marker) && data.count >= 6
    }
    return frame.flatMap { names[bytes[$0.data.lowerBound + 5]] }
  }

  /// The alpha flag is in the extended header, or in that of the lossless form.
  private static func webpMode(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
    var chunks = FileChunks(bytes, isWebP: true)
    guard let (type, data) = chunks.next() else { return nil }
    let offset = ["VP8X": 0, "VP8L": 4][type] ?? data.count
    let isOpaque = offset >= data.count || bytes[data.lowerBound + offset] & 0x10 == 0
    return isOpaque ? "RGB" : "RGBA"
  }
}
