import Autodiff
import CImage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Writes 8-bit gray `pixels`, [height, width], as a PNG.
///
/// The file appears under `path` when it is complete; one that was there before is replaced.
/// Throws an ``ImageError`` if it cannot be written.
public func writePNG(
  gray pixels: [UInt8], width: Int, height: Int, to path: String
) throws(ImageError) {
  checkPrecondition(
    width > 0 && height > 0 && pixels.count == width * height,
    "writePNG: \(width) × \(height) needs \(width * height) bytes, found \(pixels.count)")
  let bytes = try encodePNG(
    pixels, width: width, height: height, channels: 1, effort: 6, name: path)
  try replaceFile(at: path, with: bytes)
}

/// Writes `image` as a PNG of 8-bit RGB; `effort` is zlib's, from 1 (fast) to 9 (small).
///
/// The file appears under `path` when it is complete; one that was there before is replaced.
/// Throws an ``ImageError`` if it cannot be written.
public func writePNG(
  _ image: RGBImage, to path: String, effort: Int32 = 6
) throws(ImageError) {
  try replaceFile(at: path, with: try image.pngData(name: path, effort: effort))
}

extension RGBImage {
  /// The bytes of a PNG of the image, 8-bit RGB. Errors call it `name`; `effort` is zlib's.
  public func pngData(
    name: String = "image", effort: Int32 = 6
  ) throws(ImageError) -> [UInt8] {
    try encodePNG(pixels, width: width, height: height, channels: 3, effort: effort, name: name)
  }
}

/// `pixels`, [height, width, channels], as the bytes of a PNG.
private func encodePNG(
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

/// Writes a temporary file beside `path`, then renames it: a killed process leaves no half of one.
private func replaceFile(at path: String, with bytes: [UInt8]) throws(ImageError) {
  guard !path.utf8.contains(0) else {
    throw ImageError(path: path, reason: "a path cannot hold a zero byte")
  }
  let (descriptor, temporary) = try openTemporary(beside: path)
  var isDone = false
  defer { if !isDone { unlink(temporary) } }
  var failure: ImageError?
  bytes.withUnsafeBytes { buffer in
    var written = 0
    while written < buffer.count, failure == nil {
      let step = write(
        descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
      if step >= 0 {
        written += step
      } else if errno != EINTR {
        failure = ImageFile.systemError(path, "cannot write \(buffer.count) bytes")
      }
    }
  }
  if close(descriptor) != 0, failure == nil {
    failure = ImageFile.systemError(path, "cannot write \(bytes.count) bytes")
  }
  if let failure { throw failure }
  guard rename(temporary, path) == 0 else { throw ImageFile.systemError(path, "cannot write") }
  isDone = true
}

/// A new file in the directory of `path`, under a name that no thread or process shares.
private func openTemporary(
  beside path: String
) throws(ImageError) -> (descriptor: Int32, path: String) {
  let directory = path.lastIndex(of: "/").map { path[...$0] } ?? ""
  var attempt = 0
  while true {
    let temporary = "\(directory).image-\(getpid())-\(attempt).tmp"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    if descriptor >= 0 { return (descriptor, temporary) }
    guard errno == EEXIST, attempt < 1000 else { throw ImageFile.systemError(path, "cannot write") }
    attempt += 1
  }
}
