/// Which pixels of an image make a result: crop, resize, crop once more, mirror, in this order.
///
/// It is known before any pixel is, so that no more of a file is decoded than the result takes
/// (`ImageDecoder.decode(contentsOf:as:)`).
public struct ImageGeometry: Hashable, Sendable {
  /// The part of the image that is resized, within it. The filter does not see beyond.
  package var region: PixelRegion
  /// The size that it is resized to, as Pillow does it.
  package var resized: ImageSize
  package var resampling: Resampling
  /// The part of the resized image that is kept, which may reach outside.
  package var kept: PixelRegion
  package var border: Border
  package var isMirrored: Bool

  /// All of what is resized is kept unless `kept` says less.
  public init(
    region: PixelRegion, resized: ImageSize, resampling: Resampling = .bicubic,
    kept: PixelRegion? = nil, border: Border = .black, isMirrored: Bool = false
  ) {
    (self.region, self.resized, self.resampling) = (region, resized, resampling)
    self.kept = kept ?? PixelRegion(wholeOf: resized)
    (self.border, self.isMirrored) = (border, isMirrored)
  }

  /// What a crop sees outside of an image.
  public enum Border: Hashable, Sendable {
    /// Nothing: zeros.
    case black
    /// The image in the mirror of its outermost pixels, which are not repeated.
    case mirrored
  }
}
