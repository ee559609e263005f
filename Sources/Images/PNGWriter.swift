import Autodiff
import CImage
import Files
import Foundation

/// Writes 8-bit gray `pixels`, [height, width], as a PNG.
///
/// The file appears under `path` when it is complete; one that was there before is replaced.
/// Throws an ``ImageError`` if it cannot be written.
package func writePNG(
  gray pixels: [UInt8], width: Int, height: Int, to path: String
) throws(ImageError) {
  checkPrecondition(
    width > 0 && height > 0 && pixels.count == width * height,
    "writePNG: \(width) × \(height) needs \(width * height) bytes, found \(pixels.count)")
  let bytes = try encodePNG(
    pixels, width: width, height: height, channels: 1, effort: 6, name: path)
  try replaceFile(at: path, with: bytes)
}

/// Writes `image` so as a PNG of 8-bit RGB; `effort` is zlib's, from 1 (fast) to 9 (small).
package func writePNG(_ image: RGBImage, to path: String, effort: Int32 = 6) throws(ImageError) {
  try replaceFile(at: path, with: try image.pngData(name: path, effort: effort))
}

extension RGBImage {
  /// The bytes of a PNG of the image, 8-bit RGB. Errors call it `name`; `effort` is zlib's.
  package func pngData(name: String = "image", effort: Int32 = 6) throws(ImageError) -> [UInt8] {
    try encodePNG(pixels, width: width, height: height, channels: 3, effort: effort, name: name)
  }
}

/// `pixels`, [height, width, channels], as the bytes of a PNG.
func encodePNG(
  _ pixels: [UInt8], width: Int, height: Int, channels: Int32, effort: Int32, name: String
) throws(ImageError) -> [UInt8] {
  guard let columns = UInt32(exactly: width), let rows = UInt32(exactly: height) else {
    throw ImageError(path: name, reason: "\(width) × \(height) is too large for a PNG")
  }
  var message = CMessage()
  var bytes: UnsafeMutablePointer<UInt8>?
  var count = 0
  let status = cimage_encode_png(
    pixels, columns, rows, channels, effort, &bytes, &count, &message.characters)
  defer { free(bytes) }
  guard status == CIMAGE_OK else {
    throw ImageError(path: name, reason: message.reason(status, "PNG"))
  }
  return Array(UnsafeBufferPointer(start: bytes, count: count))
}

/// Has `bytes` be the content of `path`, without waiting for the disk: pictures can be made again.
func replaceFile(at path: String, with bytes: [UInt8]) throws(ImageError) {
  do {
    try AtomicFile.replace(path, by: bytes, .passing)
  } catch {
    throw ImageError(error)
  }
}
