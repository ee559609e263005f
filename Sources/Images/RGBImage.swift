import Autodiff

/// An image of 8-bit RGB pixels: rows from the top, pixels from the left, three bytes a pixel.
public struct RGBImage: Hashable, Sendable {
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// The bytes, [height, width, 3].
  public var pixels: [UInt8]

  package var size: ImageSize { ImageSize(height: height, width: width) }

  /// An image from its bytes; there must be 3 · `width` · `height` of them.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    checkPrecondition(
      width > 0 && height > 0 && pixels.count == 3 * width * height,
      "RGBImage: \(width) × \(height) needs \(3 * width * height) bytes, found \(pixels.count)")
    (self.width, self.height, self.pixels) = (width, height, pixels)
  }
}
