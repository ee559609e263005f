/// A rectangle of an image in pixels, which need not be whole, as `Image.resize(box=)` takes it.
package struct ResizeBox: Hashable, Sendable {
  /// The left edge.
  package var left: Float
  /// The top edge.
  package var top: Float
  /// The right edge, to the right of `left`.
  package var right: Float
  /// The bottom edge, below `top`.
  package var bottom: Float

  /// A rectangle from its edges.
  package init(left: Float, top: Float, right: Float, bottom: Float) {
    self.left = left
    self.top = top
    self.right = right
    self.bottom = bottom
  }
}

extension RGBImage {
  /// The image at another size, byte for byte as Pillow resizes it.
  ///
  /// Antialiased: when shrinking, the filter widens with the scale. Two passes in fixed point
  /// (Pillow's `ImagingResample` for 8-bit images), along the rows and then along the columns, or
  /// the other way where the height shrinks by more than twice what the width does, as Pillow does
  /// since version 13; earlier versions differ there by one in the last place.
  ///
  /// - Precondition: `width` and `height` are positive.
  public func resized(width: Int, height: Int, resampling: Resampling) -> RGBImage {
    resized(width: width, height: height, resampling: resampling, box: nil)
  }

  /// The part of the image in `box` at another size. A filter that reaches over an edge of `box`
  /// sees the pixels there; to be cut off from them, crop first.
  ///
  /// - Precondition: `box` is not empty and within the image.
  package func resized(
    width: Int, height: Int, resampling: Resampling, box: ResizeBox?
  ) -> RGBImage {
    let geometry = ImageGeometry(
      region: PixelRegion(wholeOf: size), resized: ImageSize(height: height, width: width),
      resampling: resampling)
    return ResamplingPlan(geometry, box: box, of: size).result(ofImage: self)
  }
}
