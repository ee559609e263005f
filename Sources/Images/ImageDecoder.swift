import CImage
import Files

/// PNG, JPEG and WebP files to RGB, with the pixels of Pillow's
/// `ImageOps.exif_transpose(Image.open(path)).convert("RGB")`.
///
/// The format is judged by content, never by name; an image inside of gzip is read too. Two things
/// differ from Pillow: 16-bit PNGs are scaled to round(v / 257) instead of clipped or cut (unless
/// `sixteenBit` says otherwise), and damaged data is an error (a wrong checksum, a missing end, a
/// palette index without a colour). Colour profiles and gamma are not applied, as in Pillow. Of an
/// animated PNG the default image is read, of an animated WebP the first frame. WebP is read where
/// the build found libwebp.
///
/// A decoder is a value without state: any number of threads may use the same one.
public struct ImageDecoder: Hashable, Sendable {
  /// What becomes of the transparency of a PNG or WebP.
  public enum AlphaPolicy: Hashable, Sendable {
    /// The stored colours, whatever their alpha: what Pillow's `convert("RGB")` gives.
    case dropped
    /// Blended over a colour: round((alpha · pixel + (255 − alpha) · colour) / 255).
    case composited(red: UInt8, green: UInt8, blue: UInt8)
  }

  /// How the 16-bit samples of a PNG become 8 bits.
  public enum SixteenBitPolicy: String, Hashable, Sendable, Codable, CaseIterable {
    /// round(v / 257): black stays black, white white.
    case scale
    /// As Pillow has it: the upper byte of colours and of gray with alpha, and min(v, 255) of gray.
    case pillow
  }

  package internal(set) var appliesOrientation: Bool
  package var alpha: AlphaPolicy
  package let sixteenBit: SixteenBitPolicy
  package let isLenient: Bool
  package let maxPixels, maxSide, maxBytes: Int
  package let scalesWhileDecoding: Bool
  package internal(set) var isGray: Bool

  /// A decoder; the limits are at least 0.
  ///
  /// - Parameters:
  ///   - appliesOrientation: Whether images are turned upright as EXIF says, or XMP where EXIF has
  ///     no orientation.
  ///   - alpha: What becomes of the transparency of a PNG or WebP.
  ///   - sixteenBit: How 16-bit samples become 8 bits.
  ///   - isLenient: Whether damaged JPEG data that libjpeg only warns about is accepted: what is
  ///     missing of a truncated file is then grey. A damaged PNG or WebP is always an error, and a
  ///     JPEG of which no pixel is missing never is.
  ///   - maxPixels: The most pixels of an image, checked before memory is asked for.
  ///   - maxSide: The most pixels of a side.
  ///   - maxBytes: The most bytes of a file, also after gzip.
  ///   - scalesWhileDecoding: Whether libjpeg makes a JPEG smaller while it decodes a part that a
  ///     geometry shrinks, to a half, a quarter or an eighth but at least twice the size asked for,
  ///     as Pillow's `thumbnail`. Faster for large images; the pixels are then not those of
  ///     Pillow's `resize`.
  ///   - isGray: Whether pixels become grey, all three channels alike: L of Pillow's
  ///     `convert("L")`, (19595 R + 38470 G + 7471 B + 32768) / 65536 rounded down. Grey files keep
  ///     their values. Resizing, and all augmentations, treat channels alike, so that what comes
  ///     out of them is grey as well and, byte for byte, what Pillow makes of an image of one
  ///     channel.
  public init(
    appliesOrientation: Bool = true, alpha: AlphaPolicy = .dropped,
    sixteenBit: SixteenBitPolicy = .scale, isLenient: Bool = false,
    maxPixels: Int = 89_478_485, maxSide: Int = 65_500, maxBytes: Int = 256 << 20,
    scalesWhileDecoding: Bool = false, isGray: Bool = false
  ) {
    self.appliesOrientation = appliesOrientation
    (self.alpha, self.isGray, self.sixteenBit) = (alpha, isGray, sixteenBit)
    (self.maxPixels, self.maxSide, self.maxBytes) = (maxPixels, maxSide, maxBytes)
    (self.isLenient, self.scalesWhileDecoding) = (isLenient, scalesWhileDecoding)
  }

  /// The image in the file at `path`, or what a geometry makes of it.
  ///
  /// With a geometry the pixels are the same as of the whole image, and so is whether the file is
  /// sound, but no more pixels are computed than they take.
  ///
  /// Throws an ``ImageError`` if there is no regular file, or it holds no sound image within the
  /// limits.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - geometry: for the size of the upright image; nil is for the image as it is.
  ///   - noting: takes what is wrong with a file of which all pixels are known.
  public func decode(
    contentsOf path: String, as geometry: (ImageSize) -> ImageGeometry? = { _ in nil },
    noting: (ImageError) -> Void = { _ in }
  ) throws(ImageError) -> RGBImage {
    try decode(fileBytes(path), name: path, as: geometry, noting: noting)
  }

  func fileBytes(_ path: String) throws(ImageError) -> [UInt8] {
    do {
      return try RegularFile.contents(of: path, maxBytes: maxBytes)
    } catch {
      throw ImageError(error)
    }
  }

  /// The same for `bytes`, the content of a file; errors call it `name`.
  public func decode(
    _ bytes: [UInt8], name: String, as geometry: (ImageSize) -> ImageGeometry? = { _ in nil },
    noting: (ImageError) -> Void = { _ in }
  ) throws(ImageError) -> RGBImage {
    let (inner, format, formatName) = try unpacked(bytes, name: name)
    var message = CMessage()
    var result: RGBImage?
    let status = inner.withUnsafeBufferPointer {
      read($0, format, geometry, &message, &result)
    }
    let text = message.reason(status, formatName)
    guard status == CIMAGE_OK, let result else { throw ImageError(path: name, reason: text) }
    if !message.isEmpty { noting(ImageError(path: name, reason: text)) }
    return result
  }

  /// What is in a file that may be packed: its bytes, their format, and that in words.
  func unpacked(
    _ bytes: [UInt8], name: String
  ) throws(ImageError) -> (bytes: [UInt8], format: ImageFormat, formatName: String) {
    guard bytes.count <= maxBytes else {
      throw ImageError(path: name, reason: "\(bytes.count) bytes is over the limit of \(maxBytes)")
    }
    let format = ImageFormat(sniffing: bytes)
    let isPacked = format == .gzip
    let inner = isPacked ? try gunzipped(bytes, name: name, maxBytes: maxBytes) : bytes
    let innerFormat = isPacked ? ImageFormat(sniffing: inner) : format
    let formatName = (isPacked ? "gzip of " : "") + innerFormat.name
    guard innerFormat.isRead else {
      throw ImageError(path: name, reason: "expected \(ImageFormat.readNames), found \(formatName)")
    }
    return (inner, innerFormat, formatName)
  }

  var cOptions: CImageOptions {
    var options = CImageOptions()
    options.max_pixels = UInt64(max(0, maxPixels))
    options.max_side = UInt32(clamping: min(maxSide, Int(Int32.max)))
    options.max_scans = 100
    options.lenient = isLenient ? 1 : 0
    options.cuts_16_bit = sixteenBit == .pillow ? 1 : 0
    if case .composited(let red, let green, let blue) = alpha {
      options.composites = 1
      options.background = (red, green, blue)
    }
    return options
  }
}
