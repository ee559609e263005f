import Autodiff

/// DeiT's transform for validation: resize, then crop the centre.
///
/// The shorter side becomes ⌊size / cropRatio⌋ with Pillow's antialiased filter, 256 for a size of
/// 224, the longer one follows in proportion, rounded down as torchvision's `Resize`, and
/// `CenterCrop` takes the size out of the middle. For a size that is not square, both sides of the
/// scaled image cover ⌊side / cropRatio⌋, one of them exactly.
///
/// A size of 32 pixels and less (CIFAR, MNIST) gets no margin: the image is resized to the size,
/// whatever its shape, and left alone if it has it already.
public struct EvaluationTransform: ImageTransform, Hashable {
  /// The size of every result.
  public let size: ImageSize
  private let cropRatio: Double
  private let resampling: Resampling

  /// A transform to `size`; `cropRatio` is the share of the resized image's shorter side that the
  /// crop keeps: DeiT's `--eval-crop-ratio`, by itself 224 of 256 pixels; `resampling` the filter.
  ///
  /// - Precondition: both sides are positive, and the ratio is above 0 and at most 1.
  public init(size: ImageSize, cropRatio: Double = 0.875, resampling: Resampling = .bicubic) {
    checkPrecondition(size.height > 0 && size.width > 0, "EvaluationTransform: no size \(size)")
    checkPrecondition(
      cropRatio > 0 && cropRatio <= 1, "EvaluationTransform: a crop ratio of \(cropRatio)")
    (self.size, self.cropRatio, self.resampling) = (size, cropRatio, resampling)
  }

  /// The geometry for an image; nothing is drawn from `random`.
  public func geometry(of image: ImageSize, random: Random) -> ImageGeometry {
    let margin = ImageSize(
      height: Int(Double(size.height) / cropRatio), width: Int(Double(size.width) / cropRatio))
    let target =
      size.isSmall
      ? size : ImageSize(covering: margin, width: image.width, height: image.height)
    return ImageGeometry(
      region: PixelRegion(wholeOf: image), resized: target, resampling: resampling,
      kept: PixelRegion(inTheMiddleOf: target, size))
  }
}
