import Files

/// The frames of an AVI file of JPEGs (MJPEG), with the pixels that `ImageDecoder` gives of each:
/// those of Pillow. Tables that are left out of the JPEGs, as most cameras do, are the standard's.
///
/// Frames are found by walking through the file; its index, which may be missing, is not needed.
/// An empty chunk stands for the frame before it.
final class AVIFrames: ClipFrames {
  let count: Int
  let size: ImageSize
  let rate: Double?
  let format = "AVI"
  private let file: RegularFile
  private let frames: [Range<Int>]
  private let decoder: ImageDecoder

  /// Why a sound file is not read here, if it is not: the frames are no JPEGs.
  struct OtherCoding: Error { let name: String }

  /// Opens a file and finds its frames.
  ///
  /// - Throws: `ImageError`; `OtherCoding` for frames that are no JPEGs.
  init(_ file: RegularFile, limits: ClipDecoder) throws {
    self.file = file
    var decoder = limits.images
    decoder.appliesOrientation = false
    self.decoder = decoder
    var (streams, video): (Int, Stream?) = (0, nil)
    var frames: [Range<Int>] = []
    func error(_ reason: String) -> ImageError {
      ImageError(path: file.path, reason: "damaged AVI: \(reason)")
    }
    try RIFFChunks(file, maxChunks: 16 * limits.maxFrames + 4096).forEach { chunk in
      if chunk.type == "strh", chunk.lists.last == "strl" {
        streams += 1
        guard video?.size == nil else { return true }
        video = try Stream(header: chunk.data, of: file, number: streams - 1) ?? video
      } else if chunk.type == "strf", chunk.lists.last == "strl", video?.number == streams - 1 {
        try video?.readFormat(chunk.data, of: file)
      } else if chunk.lists.contains("movi"), let video, video.owns(chunk.type) {
        guard chunk.data.upperBound <= file.size else {
          throw error("ends within frame \(frames.count)")
        }
        guard let frame = chunk.data.isEmpty ? frames.last : chunk.data else {
          throw error("its first frame is empty")
        }
        frames.append(frame)
      }
      return frames.count <= limits.maxFrames
    }
    guard let video, let size = video.size else { throw error("no video in it") }
    try limits.images.check(size, name: file.path, format: "AVI")
    guard video.isOfJPEGs else { throw OtherCoding(name: video.coding) }
    guard !frames.isEmpty else { throw error("no frames in it") }
    (self.size, rate, self.frames, count) = (size, video.rate, frames, frames.count)
  }

  func check(at index: Int) throws(ImageError) {
    checkIndex(index)
    // An empty chunk stands for the frame before it, which has been read.
    if index == 0 || frames[index] != frames[index - 1] { _ = try frame(at: index) }
  }

  func frame(at index: Int, as geometry: ImageGeometry?) throws(ImageError) -> RGBImage {
    checkIndex(index)
    let bytes: [UInt8]
    let range = frames[index]
    guard range.count <= decoder.maxBytes else {
      throw ImageError(
        path: file.path,
        reason: "frame \(index): \(range.count) bytes is over the limit of \(decoder.maxBytes)")
    }
    do {
      bytes = try file.bytes(at: range.lowerBound, count: range.count)
    } catch {
      throw ImageError(error)
    }
    do throws(ImageError) {
      guard ImageFormat(sniffing: bytes) == .jpeg else {
        let found = ImageFormat(sniffing: bytes).name
        throw ImageError(path: file.path, reason: "expected JPEG, found \(found)")
      }
      return try decoder.decode(frame: bytes, name: file.path, size: size, as: geometry)
    } catch {
      throw ImageError(path: error.path, reason: "frame \(index): \(error.reason)")
    }
  }
}

/// What an AVI file says of one stream.
private struct Stream {
  let number: Int
  let rate: Double?
  private(set) var coding: String
  private(set) var size: ImageSize?
  private let frameTypes: [String]  // 00dc and 00db for stream 0

  /// The stream of a header (strh); nil if it is not of pictures.
  init?(header: Range<Int>, of file: RegularFile, number: Int) throws {
    guard header.count >= 28, header.upperBound <= file.size else { return nil }
    let bytes = try file.bytes(at: header.lowerBound, count: 28)
    guard bytes.starts(with: Array("vids".utf8)) else { return nil }
    coding = bytes.fourCC(at: 4)
    let (scale, ticks) = (bytes.uint32LittleEndian(at: 20), bytes.uint32LittleEndian(at: 24))
    rate = scale > 0 && ticks > 0 ? Double(ticks) / Double(scale) : nil
    self.number = number
    let digits = number < 10 ? "0\(number)" : "\(number)"
    frameTypes = ["\(digits)dc", "\(digits)db"]
  }

  /// Takes the size, and what the frames are, from its format (strf).
  mutating func readFormat(_ format: Range<Int>, of file: RegularFile) throws {
    guard format.count >= 20, format.upperBound <= file.size else { return }
    let bytes = try file.bytes(at: format.lowerBound, count: 20)
    let height = Int32(truncatingIfNeeded: bytes.uint32LittleEndian(at: 8)).magnitude
    size = ImageSize(height: Int(height), width: bytes.uint32LittleEndian(at: 4))
    coding = bytes.fourCC(at: 16)
  }

  var isOfJPEGs: Bool { ["mjpg", "jpeg"].contains(coding.lowercased()) }

  /// Whether a chunk is a frame of it.
  func owns(_ type: String) -> Bool { frameTypes.contains(type) }
}
