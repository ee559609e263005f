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
    resized(
      region: PixelRegion(x: 0, y: 0, width: self.width, height: self.height), box: box,
      width: width, height: height, resampling: resampling)
  }

  /// Crops to `region`, which must lie within the image, resizes, and keeps `part` of the result;
  /// neither the crop nor the rest of the result is ever there.
  func resized(
    region: PixelRegion, box: ResizeBox? = nil, width: Int, height: Int, resampling: Resampling,
    keeping part: PixelRegion? = nil
  ) -> RGBImage {
    let part = part ?? PixelRegion(x: 0, y: 0, width: width, height: height)
    precondition(
      part.x >= 0 && part.y >= 0 && part.width > 0 && part.height > 0
        && part.x + part.width <= width && part.y + part.height <= height,
      "resized: \(part) is not within \(width) × \(height)")
    precondition(width > 0 && height > 0, "resized: cannot resize to \(width) × \(height)")
    precondition(
      contains(region) && region.width > 0 && region.height > 0,
      "resized: \(region) is not within an image of \(self.width) × \(self.height)")
    let whole = ResizeBox(
      left: 0, top: 0, right: Float(region.width), bottom: Float(region.height))
    let box = box ?? whole
    precondition(
      box.left >= 0 && box.top >= 0 && box.right <= whole.right && box.bottom <= whole.bottom
        && box.left < box.right && box.top < box.bottom,
      "resized: \(box) is empty or not within \(region.width) × \(region.height)")

    let sameWidth = width == region.width && box.left == 0 && box.right == whole.right
    let sameHeight = height == region.height && box.top == 0 && box.bottom == whole.bottom
    if sameWidth && sameHeight {
      return cropped(
        to: PixelRegion(
          x: region.x + part.x, y: region.y + part.y, width: part.width, height: part.height))
    }
    let columns = ResamplingTaps(
      source: region.width, low: box.left, high: box.right, target: width,
      range: part.x..<(part.x + part.width), resampling: resampling)
    let rows = ResamplingTaps(
      source: region.height, low: box.top, high: box.bottom, target: height,
      range: part.y..<(part.y + part.height), resampling: resampling)
    let bytes = pixels.withUnsafeBufferPointer { source in
      let view = PixelView(
        source, offset: 3 * (region.y * self.width + region.x), stride: 3 * self.width,
        width: region.width, height: region.height)
      if sameHeight {
        return view.cropped(rows: part.y..<(part.y + part.height)).resampledAlongRows(columns)
      }
      if sameWidth {
        return view.cropped(columns: part.x..<(part.x + part.width)).resampledAlongColumns(rows)
      }
      // Each pass works on what the other needs only.
      if region.height > height && region.height - height > 2 * (region.width - width) {
        let low = view.cropped(columns: columns.span).resampledAlongColumns(rows)
        return low.withUnsafeBufferPointer {
          PixelView($0, width: columns.span.count, height: part.height)
            .resampledAlongRows(columns.shifted())
        }
      }
      let narrow = view.cropped(rows: rows.span).resampledAlongRows(columns)
      return narrow.withUnsafeBufferPointer {
        PixelView($0, width: part.width, height: rows.span.count)
          .resampledAlongColumns(rows.shifted())
      }
    }
    return RGBImage(width: part.width, height: part.height, pixels: bytes)
  }
}
