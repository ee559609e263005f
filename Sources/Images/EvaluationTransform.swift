import Autodiff

/// DeiT's transform for validation: resize, then crop the centre.
///
/// The shorter side becomes ⌊256/224 · size⌋ with Pillow's antialiased filter, the longer one
/// follows in proportion, rounded down as torchvision's `Resize`, and `CenterCrop` takes the size
/// out of the middle. For a size that is not square, the image is scaled so that both sides cover
/// ⌊256/224 · side⌋, one of them exactly.
///
/// A size of 32 pixels and less (CIFAR, MNIST) gets no margin: the image is resized to the size,
/// whatever its shape, and left alone if it has it already.
public struct EvaluationTransform: ImageTransform, Hashable {
  /// The size of every result.
  public let size: ImageSize
  /// The filter; DeiT's is bicubic.
  public let resampling: Resampling

  /// A transform to `size`.
  ///
  /// - Precondition: both sides are positive.
  public init(size: ImageSize, resampling: Resampling = .bicubic) {
    checkPrecondition(size.height > 0 && size.width > 0, "EvaluationTransform: no size \(size)")
    self.size = size
    self.resampling = resampling
  }

  /// The geometry for an image; nothing is drawn from `random`.
  public func geometry(of image: ImageSize, random: Random) -> ImageGeometry {
    geometry(of: image)
  }

  /// The geometry for an image.
  public func geometry(of image: ImageSize) -> ImageGeometry {
    let margin = ImageSize(
      height: Int(256.0 / 224.0 * Double(size.height)),
      width: Int(256.0 / 224.0 * Double(size.width)))
    let target =
      size.isSmall
      ? size : ImageSize(covering: margin, width: image.width, height: image.height)
    return ImageGeometry(
      region: PixelRegion(wholeOf: image), resized: target, resampling: resampling,
      kept: PixelRegion(inTheMiddleOf: target, size))
  }

  /// The image at `size`.
  public func callAsFunction(_ image: RGBImage) -> RGBImage {
    image.applying(geometry(of: image.size))
  }
}
