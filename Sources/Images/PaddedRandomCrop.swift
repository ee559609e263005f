import Autodiff

/// A random part of the size of the result out of an image with a black border: torchvision's
/// `RandomCrop(size, padding=4)`, which DeiT uses for images of 32 pixels and fewer.
public struct PaddedRandomCrop: Hashable, Sendable {
  /// Rows of the result.
  public var height: Int
  /// Columns of the result.
  public var width: Int
  /// The width of the border.
  public var padding: Int

  /// A crop to `width` × `height`.
  ///
  /// - Precondition: the sizes are positive, the padding is not negative.
  public init(height: Int, width: Int, padding: Int = 4) {
    checkPrecondition(
      height > 0 && width > 0 && padding >= 0,
      "PaddedRandomCrop: no crop to \(width) × \(height) with a border of \(padding)")
    self.height = height
    self.width = width
    self.padding = padding
  }

  /// A crop of `image`, drawn from `random`.
  ///
  /// An image that is too small even with its border is padded further, equally on both sides.
  public func callAsFunction(_ image: RGBImage, random: inout Random) -> RGBImage {
    image.cropped(to: region(of: image.size, random: &random))
  }

  /// The part to take of an image and its border.
  func region(of image: ImageSize, random: inout Random) -> PixelRegion {
    let y = start(image.height, height, random: &random)
    let x = start(image.width, width, random: &random)
    return PixelRegion(x: x, y: y, width: width, height: height)
  }

  private func start(_ size: Int, _ crop: Int, random: inout Random) -> Int {
    let slack = size + 2 * padding - crop
    guard slack >= 0 else { return -((crop - size) / 2) }
    return random.below(slack + 1) - padding
  }
}
