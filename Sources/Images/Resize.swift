/// A rectangle of an image in pixels, which need not be whole, as `Image.resize(box=)` takes it.
public struct ResizeBox: Hashable, Sendable {
  /// The left edge.
  public var left: Float
  /// The top edge.
  public var top: Float
  /// The right edge, to the right of `left`.
  public var right: Float
  /// The bottom edge, below `top`.
  public var bottom: Float

  /// A rectangle from its edges.
  public init(left: Float, top: Float, right: Float, bottom: Float) {
    self.left = left
    self.top = top
    self.right = right
    self.bottom = bottom
  }
}

extension RGBImage {
  /// The image (or the part of it in `box`) at another size, byte for byte as Pillow resizes it.
  ///
  /// Antialiased: when shrinking, the filter widens with the scale. Two passes in fixed point
  /// (Pillow's `ImagingResample` for 8-bit images), along the rows and then along the columns, or
  /// the other way where the height shrinks by more than twice what the width does, as Pillow does
  /// since version 13; earlier versions differ there by one in the last place. A filter that
  /// reaches over an edge of `box` sees the pixels there; to be cut off from them, crop first.
  ///
  /// - Precondition: `width` and `height` are positive; `box` is not empty and within the image.
  public func resized(
    width: Int, height: Int, resampling: Resampling, box: ResizeBox? = nil
  ) -> RGBImage {
    let geometry = ImageGeometry(
      region: PixelRegion(wholeOf: size), resized: ImageSize(height: height, width: width),
      resampling: resampling)
    return ResamplingPlan(geometry, box: box, of: size).result(ofImage: self)
  }
}
