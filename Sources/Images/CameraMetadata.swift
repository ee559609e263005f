/// What a file says beside its pixels about how the camera was held: EXIF and XMP, wherever
/// Pillow's `ImageOps.exif_transpose` looks for them.
///
/// - JPEG: APP1 segments that begin with `Exif`, in turn; APP1 of Adobe's namespace for XMP.
/// - PNG: eXIf, or the text `Raw profile type exif` as ImageMagick writes it; the text
///   `XML:com.adobe.xmp`. Texts are tEXt, zTXt or iTXt.
/// - WebP: the chunks `EXIF` and `XMP `.
struct CameraMetadata {
  /// A TIFF block, perhaps behind `Exif` and two zeros.
  var exif: [UInt8]?
  var xmp: [UInt8]?

  /// The EXIF orientation, which XMP is only asked for where EXIF has none; nil if neither has.
  ///
  /// The number of the file, whether or not it is one of the eight.
  var orientation: Int? {
    exif.flatMap(Self.orientation(exif:)) ?? xmp.flatMap(Self.orientation(xmp:))
  }

  init(_ bytes: UnsafeBufferPointer<UInt8>, format: ImageFormat) {
    switch format {
    case .png: readPNG(bytes)
    case .jpeg: readJPEG(bytes)
    case .webp:
      let chunks = FileChunks(bytes, isWebP: true)
      exif = chunks.first { $0.type == "EXIF" }.map { Array(bytes[$0.data]) }
      xmp = chunks.first { $0.type == "XMP " }.map { Array(bytes[$0.data]) }
    default: break
    }
  }

  private mutating func readJPEG(_ bytes: UnsafeBufferPointer<UInt8>) {
    let namespace = Array("http://ns.adobe.com/xap/1.0/\0".utf8)
    for (marker, data) in JPEGSegments(bytes) where marker == 0xE1 {
      if bytes[data].starts(with: Self.exifMark) {
        exif = (exif ?? []) + bytes[data].dropFirst(Self.exifMark.count)
      } else if bytes[data].starts(with: namespace) {
        xmp = Array(bytes[data].dropFirst(namespace.count))
      }
    }
  }

  private mutating func readPNG(_ bytes: UnsafeBufferPointer<UInt8>) {
    var rawProfile: [UInt8]?
    for (type, data) in FileChunks(bytes, isWebP: false) {
      if type == "eXIf" { exif = Array(bytes[data]) }
      guard let text = PNGText(type, bytes[data]) else { continue }
      switch text.keyword {
      case "Raw profile type exif": rawProfile = text.value()
      default: xmp = text.value() ?? xmp
      }
    }
    exif = exif ?? rawProfile.flatMap(Self.hexadecimal)
  }

  private static let exifMark = Array("Exif\0\0".utf8)

  /// ImageMagick's raw profile: an empty line, the name, the count, and lines of hexadecimal bytes.
  private static func hexadecimal(_ profile: [UInt8]) -> [UInt8]? {
    let lines = profile.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let digits = lines.dropFirst(3).joined().filter { ![0x20, 0x09, 0x0D].contains($0) }
    guard digits.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    for at in stride(from: 0, to: digits.count, by: 2) {
      let pair = String(decoding: digits[at...at + 1], as: UTF8.self)
      guard let byte = UInt8(pair, radix: 16), pair.first != "+" else { return nil }
      bytes.append(byte)
    }
    return bytes
  }

  private static func orientation(exif: [UInt8]) -> Int? {
    var block = exif[...]
    for _ in 0..<2 where block.starts(with: exifMark) { block = block.dropFirst(exifMark.count) }
    return block.withUnsafeBufferPointer { TIFFBlock(bytes: $0)?.orientation }
  }

  /// The first digit behind `tiff:Orientation="` or `tiff:Orientation>`.
  private static func orientation(xmp: [UInt8]) -> Int? {
    var rest = xmp[...]
    let name = Array("tiff:Orientation".utf8)
    while let place = rest.firstRange(of: name) {
      rest = rest[place.upperBound...]
      for opening in [Array("=\"".utf8), Array(">".utf8)] where rest.starts(with: opening) {
        let digit = rest.dropFirst(opening.count).first ?? 0
        if (0x30...0x39).contains(digit) { return Int(digit) - 0x30 }
      }
    }
    return nil
  }
}

/// A text chunk of a PNG, whose value is inflated only if it is asked for.
private struct PNGText {
  let keyword: String
  private let stored: ArraySlice<UInt8>
  private let isCompressed: Bool

  /// Nil for chunks of other types and those that are not as the specification says.
  init?(_ type: String, _ data: Slice<UnsafeBufferPointer<UInt8>>) {
    guard type == "tEXt" || type == "zTXt" || type == "iTXt",
      let end = data.prefix(80).firstIndex(of: 0)
    else { return nil }
    keyword = String(decoding: data[..<end], as: UTF8.self)
    guard keyword == "Raw profile type exif" || keyword == "XML:com.adobe.xmp" else { return nil }
    var rest = Array(data[(end + 1)...])[...]
    switch type {
    case "tEXt":
      isCompressed = false
    case "zTXt":
      guard rest.popFirst() == 0 else { return nil }
      isCompressed = true
    default:
      guard let flag = rest.popFirst(), let method = rest.popFirst(), flag == 0 || method == 0
      else { return nil }
      isCompressed = flag != 0
      for _ in 0..<2 {  // the language, and the keyword in it
        guard let zero = rest.firstIndex(of: 0) else { return nil }
        rest = rest[(zero + 1)...]
      }
    }
    stored = rest
  }

  /// The text; nil where it cannot be inflated to at most a megabyte, Pillow's limit.
  func value() -> [UInt8]? {
    guard isCompressed else { return Array(stored) }
    return try? gunzipped(Array(stored), name: keyword, maxBytes: 1 << 20)
  }
}
