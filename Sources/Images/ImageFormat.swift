import CImage

/// What bytes look like, judged by their beginning: names of files say nothing reliable.
enum ImageFormat: Equatable {
  case png
  case jpeg
  case webp
  case gzip
  /// Recognised, but not read here; with its name for a message.
  case other(String)
  /// Nothing known; with a few of its bytes for a message.
  case unknown(String)

  /// The format of `bytes`, of which at most 1024 are looked at.
  init(sniffing bytes: some RandomAccessCollection<UInt8>) {
    let head = Array(bytes.prefix(1024))
    if head.isEmpty {
      self = .other("an empty file")
    } else if let known = Self.signatures.first(where: { head.starts(with: $0.signature) }) {
      self = known.format
    } else if head.count < 8, Self.pngSignature.starts(with: head) {
      self = .png  // cut off within the signature, which libpng says
    } else if head.count >= 12, let container = Self.container(head) {
      self = container
    } else if let text = Self.textName(head) {
      self = .other(text)
    } else {
      self = .unknown("data beginning " + head.prefix(8).map(hexadecimal).joined(separator: " "))
    }
  }

  /// The name for a message: "PNG", "an HTML or XML page", "data beginning 00 01".
  var name: String {
    switch self {
    case .png: "PNG"
    case .jpeg: "JPEG"
    case .webp:
      Self.readsWebP ? "WebP" : "WebP (built without libwebp: install libwebp-dev and build again)"
    case .gzip: "gzip data"
    case .other(let name), .unknown(let name): name
    }
  }

  var isRead: Bool { self == .png || self == .jpeg || self == .webp && Self.readsWebP }

  static let readsWebP = cimage_reads_webp() != 0

  /// The names of the formats that are read, for a message.
  static let readNames = readsWebP ? "PNG, JPEG or WebP" : "PNG or JPEG"

  static let mediaName = "a video or other media file"

  private static let pngSignature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  private static let signatures: [(signature: [UInt8], format: ImageFormat)] = [
    (pngSignature, .png),
    ([0xFF, 0xD8, 0xFF], .jpeg),
    ([0x1F, 0x8B], .gzip),
    (Array("GIF8".utf8), .other("GIF")),
    (Array("BM".utf8), .other("BMP")),
    ([0x49, 0x49, 0x2A, 0x00], .other("TIFF")),
    ([0x4D, 0x4D, 0x00, 0x2A], .other("TIFF")),
    ([0xFF, 0x0A], .other("JPEG XL")),
    ([0x00, 0x00, 0x00, 0x0C, 0x4A, 0x58, 0x4C, 0x20], .other("JPEG XL")),
    ([0x00, 0x00, 0x00, 0x0C, 0x6A, 0x50, 0x20, 0x20], .other("JPEG 2000")),
    ([0x00, 0x00, 0x01, 0x00], .other("ICO")),
    ([0x50, 0x4B, 0x03, 0x04], .other("a zip archive")),
    (Array("%PDF".utf8), .other("PDF")),
    (Array("8BPS".utf8), .other("Photoshop")),
    (Array("version https://git-lfs".utf8), .other("a git-lfs pointer, not the image itself")),
  ]

  /// RIFF and ISO media files name their content at byte 8.
  private static func container(_ head: [UInt8]) -> ImageFormat? {
    let brand = String(decoding: head[8..<12], as: UTF8.self)
    if head.starts(with: Array("RIFF".utf8)) {
      return brand == "WEBP" ? .webp : .other("a RIFF file")
    }
    guard head[4..<8].elementsEqual("ftyp".utf8) else { return nil }
    switch brand {
    case "avif", "avis": return .other("AVIF")
    case "heic", "heix", "hevc", "heim", "heis", "mif1", "msf1": return .other("HEIC")
    default: return .other(mediaName)
    }
  }

  private static func textName(_ head: [UInt8]) -> String? {
    let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let body = head.starts(with: byteOrderMark) ? head.dropFirst(3) : head[...]
    let isText = body.allSatisfy { ($0 >= 0x20 && $0 != 0x7F) || (9...13).contains($0) }
    guard isText, body.contains(where: { $0 < 0x80 }) else { return nil }
    switch body.first(where: { !(9...13).contains($0) && $0 != 0x20 }) {
    case UInt8(ascii: "<"): return "an HTML or XML page"
    case UInt8(ascii: "{"), UInt8(ascii: "["): return "JSON"
    default: return "text"
    }
  }
}
