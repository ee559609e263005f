import Autodiff

/// One of three crops along the longer side of a frame, whose shorter side is scaled to the crop's,
/// as the released code of SlowFast and TimeSformer tests clips: left, middle and right, or top,
/// middle and bottom.
///
/// Where the frame has the proportions of the crop, the three are the same.
package struct SideCrop: ImageTransform, Hashable {
  /// Where along the longer side the crop is.
  package enum Place: Hashable, Sendable, CaseIterable { case start, middle, end }

  package let size: ImageSize
  let place: Place
  let resampling: Resampling

  /// The three crops of a size.
  package static func all(size: ImageSize, resampling: Resampling) -> [SideCrop] {
    Place.allCases.map { SideCrop(size: size, place: $0, resampling: resampling) }
  }

  package func geometry(of image: ImageSize, random: Random) -> ImageGeometry {
    let scaled = ImageSize(covering: size, width: image.width, height: image.height)
    var kept = PixelRegion(inTheMiddleOf: scaled, size)
    switch place {
    case .start: (kept.x, kept.y) = (0, 0)
    case .middle: break
    case .end: (kept.x, kept.y) = (scaled.width - size.width, scaled.height - size.height)
    }
    return ImageGeometry(
      region: PixelRegion(wholeOf: image), resized: scaled, resampling: resampling, kept: kept)
  }
}
