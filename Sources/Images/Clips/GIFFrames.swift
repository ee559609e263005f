/// The frames of an animated GIF, with the pixels of Pillow's
/// `frame.convert("RGB")` for `frame in ImageSequence.Iterator(Image.open(path))`.
///
/// What nothing was drawn on has the colour of the first frame's transparent index, or of index 0.
/// A frame that is disposed of leaves the colour of its own transparent index, or the background's.
/// Two things differ from Pillow: a frame without a disposal method has none, where Pillow takes
/// that of the frame before, and a frame that reaches beyond the canvas, or a colour that the
/// palette lacks, is an error.
final class GIFFrames: FrameSequence {
  private let blocks: GIFBlocks
  private let bytes: [UInt8]
  private let decoder: ImageDecoder
  private var canvas: ClipCanvas
  /// What to do before the next frame is drawn.
  private var disposal: (PixelRegion, Remains)?

  private enum Remains {
    case colour(RGBA)
    case pixels([RGBA])
  }

  private init(_ blocks: GIFBlocks, _ bytes: [UInt8], _ decoder: ImageDecoder) {
    (self.blocks, self.bytes, self.decoder) = (blocks, bytes, decoder)
    canvas = ClipCanvas(blocks.size)
  }

  /// The clip in `bytes`, of a file that errors call `name`.
  static func open(
    _ bytes: [UInt8], name: String, limits: ClipDecoder
  ) throws(ImageError) -> any ClipFrames {
    let blocks = try GIFBlocks(bytes, name: name, maxFrames: limits.maxFrames)
    try limits.images.check(blocks.size, name: name, format: "GIF")
    let count = blocks.frames.count
    let hundredths = blocks.frames.reduce(0) { $0 + $1.delay }
    return SequentialFrames(
      GIFFrames(blocks, bytes, limits.images), count: count, size: blocks.size,
      rate: hundredths > 0 ? 100 * Double(count) / Double(hundredths) : nil, format: "GIF")
  }

  func begin() { disposal = nil }

  func image() -> RGBImage { canvas.image(decoder) }

  func advance(to index: Int) throws(ImageError) {
    let frame = blocks.frames[index]
    let colours = palette(of: frame)
    let transparent = frame.transparent.map { self.colour(Int($0), colours, alpha: 0) }
    if index == 0 {
      canvas = ClipCanvas(blocks.size, transparent ?? colour(0, colours, alpha: 255))
    } else if let (region, remains) = disposal {
      switch remains {
      case .colour(let colour): canvas.fill(region, colour)
      case .pixels(let pixels): canvas[region] = pixels
      }
    }
    switch frame.disposal {
    case .none, .stays: disposal = nil
    case .background:
      let left = transparent ?? colour(Int(blocks.background), colours, alpha: 255)
      disposal = (frame.region, .colour(left))
    case .previous:
      // Before the first frame there is nothing that could come back.
      let hasPrevious = index > 0 || transparent != nil
      disposal = hasPrevious ? (frame.region, .pixels(canvas[frame.region])) : nil
    }
    try draw(frame, index, colours)
  }

  private func draw(
    _ frame: GIFBlocks.Frame, _ index: Int, _ colours: [RGBA]
  ) throws(ImageError) {
    let region = frame.region
    let count = region.width * region.height
    let bits = Int(bytes[frame.codes])
    guard (1...8).contains(bits) else {
      throw blocks.error("frame \(index) has pixels of \(bits) bits")
    }
    guard let pixels = GIFCodes.pixels(blocks.codes(of: frame), size: bits, count: count) else {
      throw blocks.error("frame \(index) has a code of nothing")
    }
    guard pixels.count == count else {
      throw blocks.error("frame \(index) ends after \(pixels.count) of \(count) pixels")
    }
    let drawn = pixels.lazy.filter { $0 != frame.transparent }
    if let largest = drawn.max(), Int(largest) >= colours.count {
      throw blocks.error(
        "frame \(index) uses colour \(largest) of a palette of \(colours.count) (they count from "
          + "0)")
    }
    var table: [RGBA?] = colours
    table += Array(repeating: nil, count: 256 - table.count)
    if let transparent = frame.transparent { table[Int(transparent)] = nil }
    for (row, y) in rows(of: frame).enumerated() {
      let start = row * region.width
      canvas.draw(pixels[start..<start + region.width], table, x: region.x, y: region.y + y)
    }
  }

  /// The rows in the order in which they come.
  private func rows(of frame: GIFBlocks.Frame) -> [Int] {
    let height = frame.region.height
    guard frame.isInterlaced else { return Array(0..<height) }
    return [(0, 8), (4, 8), (2, 4), (1, 2)].flatMap { start, step in
      Array(stride(from: start, to: height, by: step))
    }
  }

  /// The colours of a frame: its own, those of all, or where there are none 256 shades of grey.
  private func palette(of frame: GIFBlocks.Frame) -> [RGBA] {
    guard let range = frame.palette ?? blocks.palette else {
      return (0..<256).map { RGBA(UInt8($0), UInt8($0), UInt8($0), 255) }
    }
    return stride(from: range.lowerBound, to: range.upperBound, by: 3).map {
      RGBA(bytes[$0], bytes[$0 + 1], bytes[$0 + 2], 255)
    }
  }

  /// A colour that need not be in the palette: the first one then.
  private func colour(_ index: Int, _ colours: [RGBA], alpha: UInt8) -> RGBA {
    var colour = index < colours.count ? colours[index] : colours[0]
    colour.w = alpha
    return colour
  }
}
