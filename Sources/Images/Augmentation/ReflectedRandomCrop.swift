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
    precondition(
      size.height > 0 && size.width > 0 && padding >= 0,
      "ReflectedRandomCrop: no crop to \(size) with a border of \(padding)")
    self.size = size
    self.padding = padding
  }

  /// A crop of `image`, drawn from `random`.
  public func callAsFunction(_ image: RGBImage, random: inout Random) -> RGBImage {
    let whole = ImageSize(covering: size, width: image.width, height: image.height)
    let rows = places(size.height, of: whole.height, random: &random)
    let columns = places(size.width, of: whole.width, random: &random)
    let (top, left) = (rows.min() ?? 0, columns.min() ?? 0)
    let part = PixelRegion(
      x: left, y: top, width: (columns.max() ?? 0) - left + 1, height: (rows.max() ?? 0) - top + 1)
    let resized = image.resized(
      region: PixelRegion(x: 0, y: 0, width: image.width, height: image.height),
      width: whole.width, height: whole.height, resampling: .bicubic, keeping: part)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(3 * size.height * size.width)
    for row in rows {
      for column in columns {
        let pixel = 3 * ((row - top) * part.width + column - left)
        bytes.append(contentsOf: resized.pixels[pixel..<(pixel + 3)])
      }
    }
    return RGBImage(width: size.width, height: size.height, pixels: bytes)
  }

  /// The pixels of an axis that a crop takes, mirrored where it reaches over an end.
  private func places(_ crop: Int, of count: Int, random: inout Random) -> [Int] {
    let start = random.below(count + 2 * padding - crop + 1) - padding
    let period = max(2 * (count - 1), 1)
    return (start..<(start + crop)).map { place in
      let folded = (place % period + period) % period
      return min(folded, period - folded)
    }
  }
}
