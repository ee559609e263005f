import Files

/// The frames of a Y4M file, uncompressed video as `yuv4mpegpipe` has it: 4:2:0, 4:2:2, 4:4:4 or
/// luma alone, of 8 bits.
///
/// The pixels are those of `ffmpeg -sws_flags neighbor+full_chroma_int+accurate_rnd+bitexact
/// -pix_fmt rgb24` (``YUVConversion``) where sides are even; where they are odd, ffmpeg takes some
/// pixels' colours from a neighbour.
final class Y4MFrames: ClipFrames {
  let count: Int
  let size: ImageSize
  let rate: Double?
  let format = "Y4M"
  private let file: RegularFile
  private let layout: YUVConversion
  private let starts: [Int]  // of the planes of each frame
  private let decoder: ImageDecoder

  static let signature = Array("YUV4MPEG2".utf8)

  /// Why a sound file is not read here, if it is not: the colour space is another one.
  struct OtherColours: Error { let name: String }

  /// Opens a file and reads the headers of its frames.
  ///
  /// - Throws: `ImageError`; `OtherColours` for a colour space that is not read here.
  init(_ file: RegularFile, limits: ClipDecoder) throws {
    (self.file, decoder) = (file, limits.images)
    let header = try Y4MHeader(file)
    try limits.images.check(header.size, name: file.path, format: "Y4M")
    guard let layout = header.layout else { throw OtherColours(name: header.colours) }
    (size, rate, self.layout) = (header.size, header.rate, layout)
    let bytes = layout.byteCount
    var starts: [Int] = []
    var place = header.length
    while place < file.size, starts.count <= limits.maxFrames {
      let start = try Self.frameStart(file, at: place, number: starts.count)
      guard bytes <= file.size - start else {
        throw Self.damaged(
          file, "ends after \(file.size - start) of \(bytes) bytes of frame \(starts.count)")
      }
      starts.append(start)
      place = start + bytes
    }
    guard !starts.isEmpty else { throw Self.damaged(file, "no frames in it") }
    (self.starts, count) = (starts, starts.count)
  }

  func frame(at index: Int, as geometry: ImageGeometry?) throws(ImageError) -> RGBImage {
    checkIndex(index)
    let bytes: [UInt8]
    do {
      bytes = try file.bytes(at: starts[index], count: layout.byteCount)
    } catch {
      throw ImageError(error)
    }
    var image = layout.image(bytes)
    if decoder.isGray { image = image.gray }
    return geometry.map { image.applying($0) } ?? image
  }

  /// Where the planes behind a frame's header begin; it is FRAME, often with nothing behind it.
  private static func frameStart(
    _ file: RegularFile, at place: Int, number: Int
  ) throws -> Int {
    let line = try file.bytes(at: place, count: min(128, file.size - place))
    guard line.starts(with: Array("FRAME".utf8)), let end = line.firstIndex(of: 0x0A),
      end == 5 || line[5] == 0x20
    else { throw damaged(file, "no frame \(number) at byte \(place)") }
    return place + end + 1
  }

  private static func damaged(_ file: RegularFile, _ reason: String) -> ImageError {
    ImageError(path: file.path, reason: "damaged Y4M: \(reason)")
  }
}

/// The first line of a Y4M file: YUV4MPEG2 W640 H480 F30:1 C420jpeg …
private struct Y4MHeader {
  let size: ImageSize
  let rate: Double?
  /// The colour space, 420jpeg where none is given.
  let colours: String
  let isFullRange: Bool
  /// Bytes of the line, with its end.
  let length: Int

  init(_ file: RegularFile) throws {
    func error(_ reason: String) -> ImageError {
      ImageError(path: file.path, reason: "damaged Y4M: \(reason)")
    }
    let head = try file.bytes(at: 0, count: min(1024, file.size))
    guard let end = head.firstIndex(of: 0x0A) else { throw error("no end of its first line") }
    length = end + 1
    let words = String(decoding: head[..<end], as: UTF8.self).split(separator: " ").dropFirst()
    func value(_ letter: Character) -> Substring? {
      words.last { $0.first == letter }?.dropFirst()
    }
    guard let width = value("W").flatMap({ UInt32($0) }),
      let height = value("H").flatMap({ UInt32($0) })
    else { throw error("its first line has no width (W) or height (H)") }
    size = ImageSize(height: Int(height), width: Int(width))
    let parts = (value("F") ?? "").split(separator: ":").compactMap { UInt32($0) }
    rate =
      parts.count == 2 && parts[0] > 0 && parts[1] > 0 ? Double(parts[0]) / Double(parts[1]) : nil
    colours = value("C").map(String.init) ?? "420jpeg"
    isFullRange = words.contains("XCOLORRANGE=FULL")
  }

  /// nil for a colour space that is not read here.
  var layout: YUVConversion? {
    let halves: (across: Int, down: Int)?
    switch colours {
    case "420", "420jpeg", "420mpeg2", "420paldv": halves = (2, 2)
    case "422": halves = (2, 1)
    case "444": halves = (1, 1)
    case "mono": halves = nil
    default: return nil
    }
    return YUVConversion(size: size, chroma: halves, isFullRange: isFullRange)
  }
}
