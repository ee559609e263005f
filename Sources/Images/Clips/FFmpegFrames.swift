import Foundation

/// The frames of a video of any other kind, by the programs `ffprobe` and `ffmpeg`, which are run
/// if they are installed; nothing of them is linked.
///
/// `ffprobe` decodes the clip once to count its frames, so that what is wrong anywhere in it is
/// known from the start; `ffmpeg` decodes it again and writes each frame as a PPM into a pipe. A
/// frame of the file comes once, whatever its time is, upright, by
/// `-sws_flags neighbor+full_chroma_int+accurate_rnd+bitexact`. The file and no other is read, and
/// no address.
final class FFmpegFrames: ClipFrames {
  let count: Int
  let size: ImageSize
  let rate: Double?
  let format = "video"
  private let path: String
  private let limits: ClipDecoder
  private let program: String
  private var stream: Stream
  private var last: (index: Int, image: RGBImage)?

  /// Opens a video, of which messages say what it is.
  init(
    _ path: String, limits: ClipDecoder, for kind: String = "video"
  ) throws(ImageError) {
    guard let program = PipedProgram.path(of: "ffmpeg", in: limits.programPath),
      let probe = PipedProgram.path(of: "ffprobe", in: limits.programPath)
    else {
      throw ImageError(
        path: path,
        reason:
          "\(kind): read by the programs ffmpeg and ffprobe, which are not installed (apt-get "
          + "install ffmpeg)")
    }
    (self.path, self.limits, self.program) = (path, limits, program)
    do {
      let facts = try VideoFacts(path, probe, limits)
      (count, rate) = (facts.count, facts.rate)
      stream = try Stream(path, program, limits)
      size = stream.size
    } catch {
      throw Self.error(path, error)
    }
  }

  func frame(at index: Int, as geometry: ImageGeometry?) throws(ImageError) -> RGBImage {
    checkIndex(index)
    if let last, last.index > index {
      self.last = nil
      do { stream = try Stream(path, program, limits) } catch { throw Self.error(path, error) }
    }
    while last.map({ $0.index < index }) ?? true {
      do {
        guard let image = try stream.next() else {
          throw ImageError(
            path: path, reason: "video: \(count) frames were counted, found \(stream.read)")
        }
        last = (stream.read - 1, image)
      } catch {
        throw Self.error(path, error)
      }
    }
    guard let image = last?.image else { throw ImageError(path: path, reason: "video: no frames") }
    let shown = limits.images.isGray ? image.gray : image
    return geometry.map { shown.applying($0) } ?? shown
  }

  private static func error(_ path: String, _ error: any Error) -> ImageError {
    switch error {
    case let error as ImageError: error
    case let failure as PipedProgram.Failure where failure.isComplaint:
      ImageError(path: path, reason: "video: damaged: \(plain(failure.reason, path))")
    case let failure as PipedProgram.Failure:
      ImageError(path: path, reason: "video: \(failure.reason)")
    default: ImageError(path: path, reason: "video: \(error)")
    }
  }

  /// A complaint without the place of the part that has it, "[mov @ 0x5648]", and without the path.
  private static func plain(_ complaint: String, _ path: String) -> String {
    var text = complaint[...]
    while let place = text.prefixMatch(of: /\[[^\]]* @ (0x)?[0-9a-fA-F]+\] ?/) {
      text = text[place.range.upperBound...]
    }
    let name = "\(address(path)): "
    return String(text.hasPrefix(name) ? text.dropFirst(name.count) : text)
  }

  /// What ffmpeg is given for a path.
  private static func address(_ path: String) -> String {
    let whole = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    return "file:\(whole)"
  }

  /// What both programs are told first: to say errors alone, and to open this file and no other.
  static func input(_ path: String) -> [String] {
    [
      "-v", "error", "-threads", "1", "-protocol_whitelist", "file", "-format_whitelist",
      containers, "-i", address(path),
    ]
  }

  /// What may be opened: none of the lists of addresses and of other files that they also read.
  private static let containers =
    "mov,matroska,avi,mpeg,mpegts,mpegvideo,asf,flv,ogg,yuv4mpegpipe,h264,hevc,m4v,mjpeg,ivf,nut,"
    + "gxf,mxf,swf,rm,dv,av1,obu,gif,apng"

  /// The images that a running `ffmpeg` writes.
  private final class Stream {
    let size: ImageSize
    private(set) var read = 0
    private let program: PipedProgram
    private var hasHeader = true  // that of the next image has been read

    init(_ path: String, _ program: String, _ limits: ClipDecoder) throws {
      self.program = try PipedProgram(
        program,
        ["-nostdin"] + FFmpegFrames.input(path) + [
          "-map", "0:v:0", "-an", "-sn", "-dn", "-vsync", "passthrough",
          "-sws_flags", "neighbor+full_chroma_int+accurate_rnd+bitexact", "-pix_fmt", "rgb24",
          "-c:v", "ppm", "-f", "image2pipe", "-",
        ], deadline: PipedProgram.Seconds(limits.programSeconds))
      guard let size = try Self.header(self.program) else {
        let complaint = try self.program.finish()
        throw complaint.isEmpty
          ? PipedProgram.Failure(reason: "no frames in it")
          : PipedProgram.Failure(reason: complaint, isComplaint: true)
      }
      try limits.images.check(size, name: path, format: "video")
      self.size = size
    }

    /// The next image; nil at the end.
    func next() throws -> RGBImage? {
      if !hasHeader {
        guard let size = try Self.header(program) else {
          _ = try program.finish()
          return nil
        }
        guard size == self.size else {
          throw PipedProgram.Failure(reason: "frame \(read) has another size than the first one")
        }
      }
      hasHeader = false
      var pixels = [UInt8](repeating: 0, count: 3 * size.width * size.height)
      let filled = try pixels.withUnsafeMutableBytes { try program.read(into: $0) }
      guard filled == pixels.count else {
        throw PipedProgram.Failure(reason: "ffmpeg ended within frame \(read)")
      }
      read += 1
      return RGBImage(width: size.width, height: size.height, pixels: pixels)
    }

    /// Reads "P6", width, height and 255, a line each but the two sides; nil at the end.
    private static func header(_ program: PipedProgram) throws -> ImageSize? {
      var text: [UInt8] = []
      var lines = 0
      while lines < 3, text.count < 40 {
        var byte: UInt8 = 0
        guard try withUnsafeMutableBytes(of: &byte, { try program.read(into: $0) }) == 1 else {
          if text.isEmpty { return nil }
          break
        }
        text.append(byte)
        if byte == 0x0A { lines += 1 }
      }
      let words = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isWhitespace)
      guard words.count == 4, words[0] == "P6", words[3] == "255", let width = Int(words[1]),
        let height = Int(words[2]), width > 0, height > 0
      else { throw PipedProgram.Failure(reason: "ffmpeg writes no PPM") }
      return ImageSize(height: height, width: width)
    }
  }
}

/// What `ffprobe` says of a video.
private struct VideoFacts {
  let count: Int
  let rate: Double?

  init(_ path: String, _ probe: String, _ limits: ClipDecoder) throws {
    let seconds = PipedProgram.Seconds(limits.programSeconds)
    func ask(_ questions: [String]) throws -> [Substring: Substring] {
      let program = try PipedProgram(
        probe,
        FFmpegFrames.input(path) + ["-select_streams", "v:0", "-of", "default=noprint_wrappers=1"]
          + questions, deadline: seconds)
      let text = try program.text()
      let complaint = try program.finish()
      guard complaint.isEmpty || limits.images.isLenient else {
        throw PipedProgram.Failure(reason: complaint, isComplaint: true)
      }
      let pairs = text.split(whereSeparator: \.isNewline).map { $0.split(separator: "=") }
        .filter { $0.count == 2 }.map { ($0[0], $0[1]) }
      return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }
    let facts = try ask(["-show_entries", "stream=width,height,avg_frame_rate:format=duration"])
    guard let width = facts["width"].flatMap({ Int($0) }),
      let height = facts["height"].flatMap({ Int($0) })
    else { throw PipedProgram.Failure(reason: "no pictures in it") }
    try limits.images.check(
      ImageSize(height: height, width: width), name: path, format: "video")
    if let duration = facts["duration"].flatMap({ Double($0) }) {
      try limits.check(seconds: duration, of: path)
    }
    let parts = (facts["avg_frame_rate"] ?? "").split(separator: "/").compactMap { Double($0) }
    rate = parts.count == 2 && parts[0] > 0 && parts[1] > 0 ? parts[0] / parts[1] : nil
    let counted = try ask([
      "-count_frames", "-read_intervals", "%+#\(limits.maxFrames + 1)",
      "-show_entries", "stream=nb_read_frames",
    ])
    guard let count = counted["nb_read_frames"].flatMap({ Int($0) }), count > 0 else {
      throw PipedProgram.Failure(reason: "no frames in it")
    }
    self.count = count
  }
}
