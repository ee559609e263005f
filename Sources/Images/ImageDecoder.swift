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

  /// A decoder; the limits are at least 0.
  public init(
    appliesOrientation: Bool = true, alpha: AlphaPolicy = .dropped, isLenient: Bool = false,
    maxPixels: Int = 89_478_485, maxSide: Int = 65_500, maxBytes: Int = 256 << 20
  ) {
    self.appliesOrientation = appliesOrientation
    self.alpha = alpha
    self.isLenient = isLenient
    self.maxPixels = maxPixels
    self.maxSide = maxSide
    self.maxBytes = maxBytes
  }

  /// The image in the file at `path`.
  ///
  /// Throws an ``ImageError`` if there is no regular file, or it holds no sound PNG or JPEG within
  /// the limits.
  public func decode(contentsOf path: String) throws(ImageError) -> RGBImage {
    try decode(try ImageFile.bytes(of: path, maxBytes: maxBytes), name: path)
  }

  /// The image in `bytes`, the content of a file; errors call it `name`.
  public func decode(_ bytes: [UInt8], name: String) throws(ImageError) -> RGBImage {
    guard bytes.count <= maxBytes else {
      throw ImageError(path: name, reason: "\(bytes.count) bytes is over the limit of \(maxBytes)")
    }
    let format = ImageFormat(sniffing: bytes)
    guard format == .gzip else { return try decode(bytes, as: format, name: name) }
    let inner = try gunzipped(bytes, name: name)
    return try decode(inner, as: ImageFormat(sniffing: inner), name: name, wrapping: "gzip of ")
  }

  private func decode(
    _ bytes: [UInt8], as format: ImageFormat, name: String, wrapping: String = ""
  ) throws(ImageError) -> RGBImage {
    guard format == .png || format == .jpeg else {
      throw ImageError(path: name, reason: "expected PNG or JPEG, found \(wrapping)\(format.name)")
    }
    var message = CMessage()
    var result: RGBImage?
    let status = bytes.withUnsafeBufferPointer { source in
      let opener = format == .png ? cimage_open_png : cimage_open_jpeg
      return read(source, opener, &message, &result)
    }
    guard status == CIMAGE_OK, let result else {
      throw ImageError(path: name, reason: message.reason(status, "\(wrapping)\(format.name)"))
    }
    return result
  }

  private typealias Opener = (
    UnsafeMutablePointer<UnsafeMutablePointer<CImageReader>?>?, UnsafePointer<UInt8>?, Int,
    UnsafePointer<CImageOptions>?, UnsafeMutablePointer<CChar>?
  ) -> CImageStatus

  /// Header, pixels and orientation.
  private func read(
    _ source: UnsafeBufferPointer<UInt8>, _ opener: Opener, _ message: inout CMessage,
    _ result: inout RGBImage?
  ) -> CImageStatus {
    var reader: UnsafeMutablePointer<CImageReader>?
    var options = cOptions
    var status = opener(&reader, source.baseAddress, source.count, &options, &message.characters)
    guard status == CIMAGE_OK, let reader else { return status }
    defer { cimage_close(reader) }
    let width = Int(reader.pointee.width)
    let height = Int(reader.pointee.height)
    let count = 3 * width * height
    let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      status = cimage_read(reader, buffer.baseAddress, &message.characters)
      initialized = status == CIMAGE_OK ? count : 0
    }
    guard status == CIMAGE_OK else { return status }
    let image = RGBImage(width: width, height: height, pixels: pixels)
    let exif = UnsafeBufferPointer(start: reader.pointee.exif, count: reader.pointee.exif_count)
    result = appliesOrientation ? image.oriented(ExifOrientation(exif: exif)) : image
    return status
  }

  private func gunzipped(_ bytes: [UInt8], name: String) throws(ImageError) -> [UInt8] {
    var message = CMessage()
    var output: UnsafeMutablePointer<UInt8>?
    var count = 0
    let status = cimage_gunzip(
      bytes, bytes.count, max(0, maxBytes), &output, &count, &message.characters)
    defer { free(output) }
    guard status == CIMAGE_OK else {
      throw ImageError(path: name, reason: message.reason(status, "gzip data"))
    }
    return Array(UnsafeBufferPointer(start: output, count: count))
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
