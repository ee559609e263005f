import Files

/// Clips to frames: folders of images, animated GIF and PNG, Y4M, AVI of JPEGs, and whatever else
/// the program `ffmpeg` reads where it is installed.
///
/// What a file is follows from its content, never from its name. A damaged clip is an error when
/// the damage is met: opening one reads the headers of its frames, a frame is decoded when it is
/// asked for. No header makes it take much memory.
///
/// A decoder is a value without state: any number of threads may use the same one.
///
/// ```swift
/// let clip = try ClipDecoder().open("clips/wave.gif")
/// let middle = try clip.frame(at: clip.count / 2)  // an RGBImage
/// ```
public struct ClipDecoder: Hashable, Sendable {
  /// How the images of a folder and of an AVI become pixels; of all clips, the limits of a frame,
  /// and what becomes of transparency and colours.
  package internal(set) var images: ImageDecoder
  package let maxFrames: Int
  package let maxSeconds: Double
  package let programSeconds: Double
  package let programPath: String?

  /// A decoder; the limits are at least 0.
  ///
  /// - Parameters:
  ///   - images: How images become pixels. Its `maxPixels` and `maxSide` are for a frame of any
  ///     clip, and 1000 times its `maxPixels` for all frames of one that is read without `ffmpeg`;
  ///     its `maxBytes` for the file of a GIF or PNG, an image of a folder, a frame of an
  ///     AVI.
  ///   - maxFrames: The most frames of a clip.
  ///   - maxSeconds: The longest time that a clip may take, where it says how long.
  ///   - programSeconds: How long to wait for `ffmpeg` in all, for a clip that it reads.
  ///   - programPath: Where to look for `ffmpeg` and `ffprobe`, folders between colons; nil for the
  ///     variable PATH. Empty, no program is run.
  public init(
    images: ImageDecoder = ImageDecoder(), maxFrames: Int = 100_000, maxSeconds: Double = 3600,
    programSeconds: Double = 600, programPath: String? = nil
  ) {
    // Far beyond any clip, and far from where sums of it overflow.
    (self.images, self.maxFrames) = (images, min(max(0, maxFrames), 1 << 40))
    (self.maxSeconds, self.programSeconds) = (maxSeconds, programSeconds)
    self.programPath = programPath
  }

  /// The clip in a file or a folder of frames.
  ///
  /// - Throws: `ImageError` if there is none that is read, or none within the limits.
  public func open(_ path: String) throws(ImageError) -> any ClipFrames {
    let clip = try opened(path)
    guard clip.count <= maxFrames else {
      throw ImageError(path: path, reason: "more frames than the limit of \(maxFrames)")
    }
    if let seconds = clip.seconds { try check(seconds: seconds, of: path) }
    try checkAll(clip, path)
    return clip
  }

  /// How many frames of the largest size a clip may have pixels for; of a smaller size it may have
  /// more.
  static let mostLargestFrames = 1000

  /// Fails for more pixels in all frames than so many of the largest size have: a file of a few
  /// kilobytes may ask for any number. What `ffmpeg` reads has its time for a limit.
  private func checkAll(_ clip: any ClipFrames, _ path: String) throws(ImageError) {
    let (most, isAny) = images.maxPixels.multipliedReportingOverflow(by: Self.mostLargestFrames)
    let (pixels, isTooMany) = (clip.size.width * clip.size.height)
      .multipliedReportingOverflow(by: clip.count)
    guard isAny || clip is FFmpegFrames || !isTooMany && pixels <= most else {
      throw ImageError(
        path: path,
        reason: "\(counted(clip.count, "frame", "frames")) of \(clip.size.width) × "
          + "\(clip.size.height) are over the limit of \(most) pixels in all, which is "
          + "\(Self.mostLargestFrames) times that of a frame (--max-pixels raises both)")
    }
  }

  func check(seconds: Double, of path: String) throws(ImageError) {
    guard seconds <= maxSeconds else {
      let shown = (10 * seconds).rounded() / 10
      throw ImageError(path: path, reason: "\(shown) seconds is over the limit of \(maxSeconds)")
    }
  }

  private func opened(_ path: String) throws(ImageError) -> any ClipFrames {
    if FolderIdentity(path: path) != nil { return try FrameFolder(path, limits: self) }
    do {
      let file = try RegularFile(reading: path, expected: "a clip or a folder of frames")
      let head = try file.bytes(at: 0, count: min(1024, file.size))
      switch ClipFormat(sniffing: head) {
      case .gif: return try GIFFrames.open(whole(file), name: path, limits: self)
      case .png: return try APNGFrames.open(whole(file), name: path, limits: self)
      case .y4m: return try Y4MFrames(file, limits: self)
      case .avi: return try AVIFrames(file, limits: self)
      case .video: return try FFmpegFrames(path, limits: self)
      case .other(let name):
        throw ImageError(path: path, reason: "expected \(ClipFormat.readNames), found \(name)")
      }
    } catch let other as Y4MFrames.OtherColours {
      return try FFmpegFrames(path, limits: self, for: "Y4M of colour space \(other.name)")
    } catch let other as AVIFrames.OtherCoding {
      return try FFmpegFrames(path, limits: self, for: "AVI of coding \(other.name)")
    } catch let error as FileError {
      throw ImageError(error)
    } catch let error as ImageError {
      throw error
    } catch {
      throw ImageError(path: path, reason: "\(error)")
    }
  }

  private func whole(_ file: RegularFile) throws -> [UInt8] {
    guard file.size <= images.maxBytes else {
      throw FileError(
        path: file.path, reason: "\(file.size) bytes is over the limit of \(images.maxBytes)")
    }
    return try file.contents()
  }
}
