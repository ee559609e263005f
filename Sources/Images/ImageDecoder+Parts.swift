import CImage
import CKernels
import Foundation

/// From a header to pixels: which of them, and which way up.
extension ImageDecoder {
  /// Opens a file, and decodes what `geometry` needs, or everything.
  ///
  /// `message` says why there is no result or, if there is one, what is wrong all the same.
  func read(
    _ bytes: UnsafeBufferPointer<UInt8>, _ format: ImageFormat,
    _ geometry: (ImageSize) -> ImageGeometry?, _ message: inout CMessage,
    _ result: inout RGBImage?
  ) -> CImageStatus {
    withReader(of: bytes, format, cOptions, &message) { reader, orientation, message in
      let status = read(reader, orientation, geometry, &message, &result)
      if status == CIMAGE_OK {
        withUnsafeBytes(of: &reader.pointee.note) { note in
          message.characters = note.map { CChar(bitPattern: $0) }
        }
      }
      return status
    }
  }

  /// Opens a file, of which `body` gets the header.
  func withReader(
    of bytes: UnsafeBufferPointer<UInt8>, _ format: ImageFormat, _ options: CImageOptions,
    _ message: inout CMessage,
    _ body: (UnsafeMutablePointer<CImageReader>, ExifOrientation, inout CMessage) -> CImageStatus
  ) -> CImageStatus {
    var reader: UnsafeMutablePointer<CImageReader>?
    var options = options
    let opener =
      switch format {
      case .png: cimage_open_png
      case .jpeg: cimage_open_jpeg
      default: cimage_open_webp
      }
    let opened = opener(&reader, bytes.baseAddress, bytes.count, &options, &message.characters)
    guard opened == CIMAGE_OK, let reader else { return opened }
    defer { cimage_close(reader) }
    let orientation =
      appliesOrientation
      ? ExifOrientation(CameraMetadata(bytes, format: format)) : ExifOrientation.topLeft
    return body(reader, orientation, &message)
  }

  /// Decodes what is needed, and turns it upright.
  private func read(
    _ reader: UnsafeMutablePointer<CImageReader>, _ orientation: ExifOrientation,
    _ geometry: (ImageSize) -> ImageGeometry?, _ message: inout CMessage,
    _ result: inout RGBImage?
  ) -> CImageStatus {
    let size = orientation.turned(reader.size)
    let whole = ImageGeometry(region: PixelRegion(wholeOf: size), resized: size)
    let plan = makePlan(geometry(size) ?? whole, reader, orientation)
    let part = orientation.stored(plan.source, in: reader.size)  // which is smaller if it shrinks
    // An array that cannot be had ends the process, so what is large is tried first: the pixels,
    // and an upright image of them.
    let bytes = 6 * part.width * part.height
    guard bytes < 1 << 20 || Self.isThereMemory(for: bytes) else {
      message.set("no memory for \(bytes) bytes")
      return CIMAGE_OUT_OF_MEMORY
    }
    return withScratch(3 * part.width * part.height) { pixels in
      let status = reader.decode(part, into: pixels, &message)
      guard status == CIMAGE_OK else { return status }
      if isGray {  // without any saturation
        ck_saturate(pixels.baseAddress, pixels.baseAddress, 0, part.width * part.height)
      }
      let view = PixelView(UnsafeBufferPointer(pixels), width: part.width, height: part.height)
      result =
        orientation == .topLeft
        ? plan.result(ofSource: view)
        : plan.result(ofSource: view.image().oriented(orientation))
      return status
    }
  }

  static func isThereMemory(for bytes: Int) -> Bool {
    let block = mmap(nil, bytes, PROT_READ | PROT_WRITE, Int32(MAP_PRIVATE | MAP_ANONYMOUS), -1, 0)
    guard let block, block != MAP_FAILED else { return false }
    munmap(block, bytes)
    return true
  }

  /// The plan of a geometry for the upright image, which it may have libjpeg make smaller.
  private func makePlan(
    _ geometry: ImageGeometry, _ reader: UnsafeMutablePointer<CImageReader>,
    _ orientation: ExifOrientation
  ) -> ResamplingPlan {
    let (region, target) = (geometry.region, geometry.resized)
    let divisor = [8, 4, 2].first {
      region.width >= 2 * $0 * target.width && region.height >= 2 * $0 * target.height
    }
    guard scalesWhileDecoding, let divisor, cimage_shrink(reader, UInt32(divisor)) != 0 else {
      return ResamplingPlan(geometry, of: orientation.turned(reader.size))
    }
    // The region's edges need not be on a pixel any more.
    var smaller = geometry
    smaller.region.x = region.x / divisor
    smaller.region.y = region.y / divisor
    smaller.region.width = (region.x + region.width + divisor - 1) / divisor - smaller.region.x
    smaller.region.height = (region.y + region.height + divisor - 1) / divisor - smaller.region.y
    func edge(_ position: Int, from start: Int) -> Float {
      Float(position) / Float(divisor) - Float(start)
    }
    let box = ResizeBox(
      left: edge(region.x, from: smaller.region.x), top: edge(region.y, from: smaller.region.y),
      right: edge(region.x + region.width, from: smaller.region.x),
      bottom: edge(region.y + region.height, from: smaller.region.y))
    return ResamplingPlan(smaller, box: box, of: orientation.turned(reader.size))
  }
}

extension UnsafeMutablePointer<CImageReader> {
  var size: ImageSize {
    ImageSize(height: Int(pointee.height), width: Int(pointee.width))
  }

  fileprivate func decode(
    _ part: PixelRegion, into pixels: UnsafeMutableBufferPointer<UInt8>,
    _ message: inout CMessage
  ) -> CImageStatus {
    var region = CImageRegion(
      x: UInt32(part.x), y: UInt32(part.y), width: UInt32(part.width), height: UInt32(part.height))
    return cimage_read(self, &region, pixels.baseAddress, &message.characters)
  }
}
