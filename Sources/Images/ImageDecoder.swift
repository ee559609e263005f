import CImage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// PNG and JPEG files to RGB, with the pixels of Pillow's `Image.open(path).convert("RGB")`.
///
/// The format is judged by content, never by name; a PNG or JPEG inside of gzip is read too. Three
/// things differ from Pillow: EXIF orientation is applied unless ``appliesOrientation`` is off,
/// 16-bit PNGs are scaled to round(v / 257) instead of clipped or cut, and damaged data is an
/// error (a wrong checksum, a missing end, a palette index without a colour). Colour profiles and
/// gamma are not applied, as in Pillow. Of an animated PNG the default image is read.
///
/// A decoder is a value without state: any number of threads may use the same one.
public struct ImageDecoder: Hashable, Sendable {
  /// What becomes of the transparency of a PNG.
  public enum AlphaPolicy: Hashable, Sendable {
    /// The stored colours, whatever their alpha: what Pillow's `convert("RGB")` gives.
    case dropped
    /// Blended over a colour: round((alpha · pixel + (255 − alpha) · colour) / 255).
    case composited(red: UInt8, green: UInt8, blue: UInt8)

    /// Blended over white.
    public static let compositedOnWhite = AlphaPolicy.composited(red: 255, green: 255, blue: 255)
  }

  /// Whether images are turned upright as their EXIF orientation says.
  public var appliesOrientation: Bool
  /// What becomes of transparency.
  public var alpha: AlphaPolicy
  /// Whether damaged JPEG data that libjpeg only warns about is accepted: what is missing of a
  /// truncated file is then grey. A damaged PNG is always an error.
  public var isLenient: Bool
  /// The most pixels of an image, checked before memory is asked for.
  public var maxPixels: Int
  /// The most pixels of a side.
  public var maxSide: Int
  /// The most bytes of a file, also after gzip.
  public var maxBytes: Int
  /// Whether libjpeg makes a JPEG smaller while it decodes a part that a geometry shrinks, to a
  /// half, a quarter or an eighth but at least twice the size asked for, as Pillow's `thumbnail`.
  ///
  /// Faster for large images; the pixels are then not those of Pillow's `resize`.
  public var scalesWhileDecoding: Bool

  /// A decoder; the limits are at least 0.
  public init(
    appliesOrientation: Bool = true, alpha: AlphaPolicy = .dropped, isLenient: Bool = false,
    maxPixels: Int = 89_478_485, maxSide: Int = 65_500, maxBytes: Int = 256 << 20,
    scalesWhileDecoding: Bool = false
  ) {
    self.appliesOrientation = appliesOrientation
    self.alpha = alpha
    self.isLenient = isLenient
    self.maxPixels = maxPixels
    self.maxSide = maxSide
    self.maxBytes = maxBytes
    self.scalesWhileDecoding = scalesWhileDecoding
  }

  /// The image in the file at `path`, or what a geometry makes of it.
  ///
  /// With a geometry the pixels are the same as of the whole image, but no more of it is decoded
  /// than they take. What comes after the last row needed is then not looked at: of damage there
  /// only what truncates the file is an error.
  ///
  /// Throws an ``ImageError`` if there is no regular file, or it holds no sound PNG or JPEG within
  /// the limits.
  ///
  /// - Parameter geometry: for the size of the upright image; nil is for the image as it is.
  public func decode(
    contentsOf path: String, as geometry: (ImageSize) -> ImageGeometry? = { _ in nil }
  ) throws(ImageError) -> RGBImage {
    try decode(try ImageFile.bytes(of: path, maxBytes: maxBytes), name: path, as: geometry)
  }

  /// The same for `bytes`, the content of a file; errors call it `name`.
  public func decode(
    _ bytes: [UInt8], name: String, as geometry: (ImageSize) -> ImageGeometry? = { _ in nil }
  ) throws(ImageError) -> RGBImage {
    guard bytes.count <= maxBytes else {
      throw ImageError(path: name, reason: "\(bytes.count) bytes is over the limit of \(maxBytes)")
    }
    let format = ImageFormat(sniffing: bytes)
    guard format == .gzip else { return try decode(bytes, format, name, geometry) }
    let inner = try gunzipped(bytes, name: name, maxBytes: maxBytes)
    return try decode(inner, ImageFormat(sniffing: inner), name, geometry, wrapping: "gzip of ")
  }

  private func decode(
    _ bytes: [UInt8], _ format: ImageFormat, _ name: String,
    _ geometry: (ImageSize) -> ImageGeometry?, wrapping: String = ""
  ) throws(ImageError) -> RGBImage {
    guard format.isRead else {
      throw ImageError(path: name, reason: "expected PNG or JPEG, found \(wrapping)\(format.name)")
    }
    var message = CMessage()
    var result: RGBImage?
    let status = bytes.withUnsafeBufferPointer { source in
      var reader: UnsafeMutablePointer<CImageReader>?
      var options = cOptions
      let opener = format == .png ? cimage_open_png : cimage_open_jpeg
      let status = opener(
        &reader, source.baseAddress, source.count, &options, &message.characters)
      guard status == CIMAGE_OK, let reader else { return status }
      defer { cimage_close(reader) }
      return read(reader, geometry, &message, &result)
    }
    guard status == CIMAGE_OK, let result else {
      throw ImageError(path: name, reason: message.reason(status, "\(wrapping)\(format.name)"))
    }
    return result
  }

  private var cOptions: CImageOptions {
    var options = CImageOptions()
    options.max_pixels = UInt64(max(0, maxPixels))
    options.max_side = UInt32(clamping: min(maxSide, Int(Int32.max)))
    options.max_scans = 100
    options.lenient = isLenient ? 1 : 0
    if case .composited(let red, let green, let blue) = alpha {
      options.composites = 1
      options.background = (red, green, blue)
    }
    return options
  }
}
