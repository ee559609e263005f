import CImage

/// What readers of clips need beyond whole images.
extension ImageDecoder {
  /// The size of the image in a file, upright, of which no pixel is decoded.
  func size(ofContentsOf path: String) throws(ImageError) -> ImageSize {
    let (bytes, format, formatName) = try unpacked(fileBytes(path), name: path)
    var message = CMessage()
    var size = ImageSize(0)
    let status = bytes.withUnsafeBufferPointer { bytes in
      withReader(of: bytes, format, cOptions, &message) { reader, orientation, _ in
        size = orientation.turned(reader.size)
        return CIMAGE_OK
      }
    }
    guard status == CIMAGE_OK else {
      throw ImageError(path: path, reason: message.reason(status, formatName))
    }
    return size
  }

  /// Fails for a size beyond the limits, and where there is no memory for a few images of it.
  func check(_ size: ImageSize, name: String, format: String) throws(ImageError) {
    var (options, message) = (cOptions, CMessage())
    let (width, height) = (UInt32(clamping: size.width), UInt32(clamping: size.height))
    let status = cimage_check_size(width, height, &options, &message.characters)
    guard status == CIMAGE_OK else {
      throw ImageError(path: name, reason: message.reason(status, format))
    }
    let bytes = 16 * size.width * size.height
    guard bytes < 1 << 20 || Self.isThereMemory(for: bytes) else {
      throw ImageError(path: name, reason: "\(format): no memory for \(bytes) bytes")
    }
  }

  /// The pixels of a PNG, [height, width], with their transparency.
  func transparentPixels(ofPNG bytes: [UInt8], name: String) throws(ImageError) -> [RGBA] {
    var (options, message) = (cOptions, CMessage())
    options.keeps_alpha = 1
    options.composites = 0
    var pixels: [RGBA] = []
    let status = bytes.withUnsafeBufferPointer { bytes in
      withReader(of: bytes, .png, options, &message) { reader, _, message in
        let (width, height) = (reader.pointee.width, reader.pointee.height)
        pixels = Array(repeating: RGBA(), count: Int(width) * Int(height))
        var region = CImageRegion(x: 0, y: 0, width: width, height: height)
        return pixels.withUnsafeMutableBytes { target in
          cimage_read(
            reader, &region, target.bindMemory(to: UInt8.self).baseAddress, &message.characters)
        }
      }
    }
    guard status == CIMAGE_OK else {
      throw ImageError(path: name, reason: message.reason(status, "PNG"))
    }
    return pixels
  }

  /// The image in `bytes`, part of a clip whose frames all have one size.
  func decode(
    frame bytes: [UInt8], name: String, size expected: ImageSize, as geometry: ImageGeometry?
  ) throws(ImageError) -> RGBImage {
    var found = expected
    let image = try decode(
      bytes, name: name,
      as: { size in
        found = size
        return size == expected ? geometry : nil
      })
    guard found == expected else {
      throw ImageError(
        path: name,
        reason: "\(found.width) × \(found.height) pixels, "
          + "expected \(expected.width) × \(expected.height)")
    }
    return image
  }
}
