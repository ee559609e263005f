import Autodiff

/// DeiT's simple random crop: the shorter side resized to the size (bicubic), then a random part
/// of the size out of the image with four mirrored pixels around it.
///
/// For a size that is not square, the image is scaled so that it covers the size.
public struct ReflectedRandomCrop: Hashable, Sendable {
  /// The size of every result.
  public var size: ImageSize
  /// The width of the border.
  public var padding: Int

  /// A crop to `size`.
  ///
  /// - Precondition: both sides are positive, the padding is not negative.
  public init(size: ImageSize, padding: Int = 4) {
    checkPrecondition(
      size.height > 0 && size.width > 0 && padding >= 0,
      "ReflectedRandomCrop: no crop to \(size) with a border of \(padding)")
    self.size = size
    self.padding = padding
  }

  /// A crop of `image`, drawn from `random`.
  public func callAsFunction(_ image: RGBImage, random: inout Random) -> RGBImage {
    image.applying(geometry(of: image.size, random: &random))
  }

  /// Where a crop is.
  func geometry(of image: ImageSize, random: inout Random) -> ImageGeometry {
    let whole = ImageSize(covering: size, width: image.width, height: image.height)
    let y = random.below(whole.height + 2 * padding - size.height + 1) - padding
    let x = random.below(whole.width + 2 * padding - size.width + 1) - padding
    return ImageGeometry(
      region: PixelRegion(wholeOf: image), resized: whole,
      kept: PixelRegion(x: x, y: y, width: size.width, height: size.height), border: .mirrored)
  }
}
