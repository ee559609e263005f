import Autodiff
import CKernels

/// A rectangle of an image in pixels, which need not be whole, as `Image.resize(box=)` takes it.
struct ResizeBox {
  let left, top, right, bottom: Float
}

/// A geometry made ready: the weights of both passes, and the pixels of the image that they need.
struct ResamplingPlan {
  /// The part of the image that the result depends on.
  let source: PixelRegion
  private let columns: ResamplingTaps?  // nil: the columns of `source` as they are
  private let rows: ResamplingTaps?
  private let columnsComeFirst: Bool
  private let resampled: ImageSize  // what the passes make
  private let kept: PixelRegion?  // of that, if it reaches outside into black
  private let mirrored: (rows: [Int], columns: [Int])?  // of that, if it does into a mirror
  private let isMirroredAfterwards: Bool

  /// The plan of a geometry for an image of `size`; the filter sees no pixel outside its region.
  ///
  /// - Parameter box: the part of the region that is resized, in its pixels, if not all of it; the
  ///   filter sees what is around it.
  init(_ geometry: ImageGeometry, box: ResizeBox? = nil, of size: ImageSize) {
    let (region, target) = (geometry.region, geometry.resized)
    checkPrecondition(
      target.width > 0 && target.height > 0 && geometry.kept.width > 0 && geometry.kept.height > 0,
      "resized: cannot resize to \(target.width) × \(target.height) and keep \(geometry.kept)")
    checkPrecondition(
      PixelRegion(wholeOf: size).contains(region) && region.width > 0 && region.height > 0,
      "resized: \(region) is not within an image of \(size.width) × \(size.height)")
    let whole = ResizeBox(left: 0, top: 0, right: Float(region.width), bottom: Float(region.height))
    let box = box ?? whole
    checkPrecondition(
      box.left >= 0 && box.top >= 0 && box.right <= whole.right && box.bottom <= whole.bottom
        && box.left < box.right && box.top < box.bottom,
      "resized: \(box) is empty or not within \(region.width) × \(region.height)")

    // What is not kept is not computed.
    let isInside = PixelRegion(wholeOf: target).contains(geometry.kept)
    var part = isInside ? geometry.kept : PixelRegion(wholeOf: target)
    if !isInside && geometry.border == .mirrored {
      let (kept, rows, columns) = geometry.kept.mirrored(in: target)
      (part, mirrored) = (kept, (rows, columns))
    } else {
      mirrored = nil
    }
    kept = isInside || mirrored != nil ? nil : geometry.kept
    resampled = ImageSize(height: part.height, width: part.width)
    var source = region
    if target.width == region.width && box.left == 0 && box.right == whole.right {
      columns = nil
      (source.x, source.width) = (region.x + part.x, part.width)
    } else {
      let taps = ResamplingTaps(
        source: region.width, low: box.left, high: box.right, target: target.width,
        range: part.x..<(part.x + part.width), resampling: geometry.resampling)
      (source.x, source.width) = (region.x + taps.span.lowerBound, taps.span.count)
      columns = taps.fromTheFirstNeeded(isReversed: isInside && geometry.isMirrored)
    }
    if target.height == region.height && box.top == 0 && box.bottom == whole.bottom {
      rows = nil
      (source.y, source.height) = (region.y + part.y, part.height)
    } else {
      let taps = ResamplingTaps(
        source: region.height, low: box.top, high: box.bottom, target: target.height,
        range: part.y..<(part.y + part.height), resampling: geometry.resampling)
      (source.y, source.height) = (region.y + taps.span.lowerBound, taps.span.count)
      rows = taps.fromTheFirstNeeded()
    }
    self.source = source
    columnsComeFirst =
      region.height > target.height
      && region.height - target.height > 2 * (region.width - target.width)
    isMirroredAfterwards = geometry.isMirrored && !(isInside && columns != nil)
  }

  func result(ofImage image: RGBImage) -> RGBImage {
    image.pixels.withUnsafeBufferPointer { pixels in
      result(
        ofSource: PixelView(
          pixels, offset: 3 * (source.y * image.width + source.x), stride: 3 * image.width,
          width: source.width, height: source.height))
    }
  }

  /// The result, from the part of an image that is in `source`, as an image of its own.
  func result(ofSource part: RGBImage) -> RGBImage {
    guard columns != nil || rows != nil else { return finished(part) }
    return part.pixels.withUnsafeBufferPointer {
      result(ofSource: PixelView($0, width: part.width, height: part.height))
    }
  }

  /// The result, from the part of an image that is in `source`.
  func result(ofSource view: PixelView) -> RGBImage {
    checkPrecondition(
      view.width == source.width && view.height == source.height,
      "ResamplingPlan: \(view.width) × \(view.height) pixels for \(source)")
    return finished(columns == nil && rows == nil ? view.image() : resample(view))
  }

  private func finished(_ image: RGBImage) -> RGBImage {
    var result = kept.map(image.cropped) ?? image
    if let mirrored { result = image.taking(rows: mirrored.rows, columns: mirrored.columns) }
    return isMirroredAfterwards ? result.flippedHorizontally() : result
  }

  private func resample(_ view: PixelView) -> RGBImage {
    let bytes = [UInt8](
      unsafeUninitializedCapacity: 3 * resampled.width * resampled.height
    ) { output, count in
      count = output.count
      switch (columns, rows) {
      case (let columns?, nil): view.resampleAlongRows(columns, into: output)
      case (nil, let rows?): view.resampleAlongColumns(rows, into: output)
      case (let columns?, let rows?) where columnsComeFirst:
        withScratch(3 * view.width * resampled.height) { between in
          view.resampleAlongColumns(rows, into: between)
          PixelView(UnsafeBufferPointer(between), width: view.width, height: resampled.height)
            .resampleAlongRows(columns, into: output)
        }
      case (let columns?, let rows?):
        withScratch(3 * resampled.width * view.height) { between in
          view.resampleAlongRows(columns, into: between)
          PixelView(UnsafeBufferPointer(between), width: resampled.width, height: view.height)
            .resampleAlongColumns(rows, into: output)
        }
      case (nil, nil): fatalError("ResamplingPlan: there is nothing to resample")
      }
    }
    return RGBImage(width: resampled.width, height: resampled.height, pixels: bytes)
  }
}

extension PixelRegion {
  /// The least part of an image of `size` that has every pixel of the region, mirrored at the
  /// edges; and which of its rows and columns the region's are.
  fileprivate func mirrored(
    in size: ImageSize
  ) -> (part: PixelRegion, rows: [Int], columns: [Int]) {
    func places(_ range: Range<Int>, of count: Int) -> [Int] {
      let period = max(2 * (count - 1), 1)
      return range.map { place in
        let folded = (place % period + period) % period
        return min(folded, period - folded)
      }
    }
    let rows = places(y..<(y + height), of: size.height)
    let columns = places(x..<(x + width), of: size.width)
    let (top, left) = (rows.min() ?? 0, columns.min() ?? 0)
    let part = PixelRegion(
      x: left, y: top, width: (columns.max() ?? 0) - left + 1, height: (rows.max() ?? 0) - top + 1)
    return (part, rows.map { $0 - top }, columns.map { $0 - left })
  }
}

extension RGBImage {
  /// The image at another size, byte for byte as Pillow resizes it.
  ///
  /// Antialiased: when shrinking, the filter widens with the scale. Two passes in fixed point
  /// (Pillow's `ImagingResample` for 8-bit images), along the rows and then along the columns, or
  /// the other way where the height shrinks by more than twice what the width does, as Pillow does
  /// since version 13; earlier versions differ there by one in the last place.
  package func resized(width: Int, height: Int, resampling: Resampling) -> RGBImage {
    applying(
      ImageGeometry(
        region: PixelRegion(wholeOf: size), resized: ImageSize(height: height, width: width),
        resampling: resampling))
  }

  /// The result of a geometry for the size of this image, within which its region must be.
  package func applying(_ geometry: ImageGeometry) -> RGBImage {
    ResamplingPlan(geometry, of: size).result(ofImage: self)
  }

  fileprivate func taking(rows: [Int], columns: [Int]) -> RGBImage {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(3 * rows.count * columns.count)
    for row in rows {
      for column in columns {
        let pixel = 3 * (row * width + column)
        bytes.append(contentsOf: pixels[pixel..<(pixel + 3)])
      }
    }
    return RGBImage(width: columns.count, height: rows.count, pixels: bytes)
  }
}
