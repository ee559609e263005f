/// Which pixels of an image make a result: crop, resize, crop once more, mirror, in this order.
///
/// It is known before any pixel is, so that no more of a file is decoded than the result takes
/// (`ImageDecoder.decode(contentsOf:as:)`).
public struct ImageGeometry: Hashable, Sendable {
  /// The part of the image that is resized, within it. The filter does not see beyond.
  public var region: PixelRegion
  /// The size that it is resized to, as Pillow does it.
  public var resized: ImageSize
  /// The filter.
  public var resampling: Resampling
  /// The part of the resized image that is kept; where it reaches outside there is black.
  public var kept: PixelRegion
  /// Whether the result is mirrored left to right.
  public var isMirrored: Bool

  /// A geometry from its parts; all that is resized is kept unless told otherwise.
  public init(
    region: PixelRegion, resized: ImageSize, resampling: Resampling = .bicubic,
    kept: PixelRegion? = nil, isMirrored: Bool = false
  ) {
    self.region = region
    self.resized = resized
    self.resampling = resampling
    self.kept = kept ?? PixelRegion(wholeOf: resized)
    self.isMirrored = isMirrored
  }
}

extension RGBImage {
  /// The result of a geometry for the size of this image.
  ///
  /// - Precondition: the geometry's region is within the image.
  public func applying(_ geometry: ImageGeometry) -> RGBImage {
    ResamplingPlan(geometry, of: size).result(ofImage: self)
  }
}
