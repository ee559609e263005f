/// The frames of an animated PNG. A default image that is no frame is left out.
///
/// They are as the specification has them. Pillow's differ in two cases: it blends half transparent
/// pixels over transparent ones as if these were opaque, and leaves a frame that was blended and is
/// to be replaced by the previous one.
final class APNGFrames: FrameSequence {
  private let chunks: APNGChunks
  private let name: String
  private let decoder: ImageDecoder
  private var canvas: ClipCanvas
  /// What the next frame finds in place of this one.
  private var remains: (region: PixelRegion, pixels: [RGBA]?)?

  private init(_ chunks: APNGChunks, _ name: String, _ decoder: ImageDecoder) {
    (self.chunks, self.name, self.decoder) = (chunks, name, decoder)
    canvas = ClipCanvas(chunks.size)
  }

  /// The clip in `bytes`, of a file that errors call `name`.
  static func open(
    _ bytes: [UInt8], name: String, limits: ClipDecoder
  ) throws(ImageError) -> any ClipFrames {
    guard APNGChunks.isAnimated(bytes) else {
      throw ImageError(
        path: name, reason: "a PNG of one image, not a clip: the frames of a clip need a folder")
    }
    let chunks = try APNGChunks(bytes, name: name, maxFrames: limits.maxFrames)
    try limits.images.check(chunks.size, name: name, format: "APNG")
    let seconds = chunks.frames.reduce(0) { $0 + $1.delay }
    return SequentialFrames(
      APNGFrames(chunks, name, limits.images), count: chunks.frames.count, size: chunks.size,
      rate: seconds > 0 ? Double(chunks.frames.count) / seconds : nil, format: "APNG")
  }

  func begin() {
    remains = nil
    canvas = ClipCanvas(chunks.size)
  }

  func image() -> RGBImage { canvas.image(decoder) }

  func advance(to index: Int) throws(ImageError) {
    let frame = chunks.frames[index]
    if let (region, pixels) = remains {
      if let pixels { canvas[region] = pixels } else { canvas.fill(region, RGBA()) }
    }
    switch frame.disposal {
    case .stays: remains = nil
    case .background: remains = (frame.region, nil)
    case .previous: remains = (frame.region, canvas[frame.region])  // of the first one: nothing
    }
    let pixels: [RGBA]
    do {
      pixels = try decoder.transparentPixels(ofPNG: chunks.png(of: frame), name: name)
    } catch {
      throw ImageError(path: error.path, reason: "frame \(index): \(error.reason)")
    }
    if frame.isBlended {
      canvas.blend(pixels, over: frame.region)
    } else {
      canvas[frame.region] = pixels
    }
  }
}
