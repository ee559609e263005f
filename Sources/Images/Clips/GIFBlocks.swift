import Autodiff

/// What a GIF says of its frames, before any pixel is known: GIF89a specification, CompuServe 1990.
struct GIFBlocks {
  struct Frame {
    var region = PixelRegion(x: 0, y: 0, width: 0, height: 0)
    var isInterlaced = false
    /// Where its own colours are in the file.
    var palette: Range<Int>?
    /// Where its codes are: a byte with the size of the first ones, then blocks of data.
    var codes = 0
    /// The index that is not drawn.
    var transparent: UInt8?
    var disposal = Disposal.none
    /// Hundredths of a second.
    var delay = 0
  }

  /// What becomes of a frame before the next one is drawn. Other numbers mean nothing, and so do
  /// they here.
  enum Disposal: UInt8 { case none, stays, background, previous }

  private(set) var size = ImageSize(height: 0, width: 0)
  private(set) var palette: Range<Int>?
  private(set) var background: UInt8 = 0
  private(set) var frames: [Frame] = []
  private let bytes: [UInt8]
  private let name: String
  private var place = 13

  /// Reads the blocks of `bytes`, of a file that errors call `name`, up to `maxFrames` frames and
  /// one more. A GIF may end without saying so, but not within a block.
  init(_ bytes: [UInt8], name: String, maxFrames: Int) throws(ImageError) {
    (self.bytes, self.name) = (bytes, name)
    guard bytes.count >= 13 else { throw error("ends within its header") }
    size = ImageSize(height: uint16(8), width: uint16(6))
    background = bytes[11]
    palette = try palette(flags: bytes[10])
    var frame = Frame()
    while frames.count <= maxFrames, place < bytes.count, bytes[place] != UInt8(ascii: ";") {
      place += 1
      switch bytes[place - 1] {
      case UInt8(ascii: "!"):
        try readExtension(into: &frame)
      case UInt8(ascii: ","):
        try readImage(into: &frame)
        frames.append(frame)
        frame = Frame()
      default:
        throw error("no block begins at byte \(place - 1)")
      }
    }
    guard !frames.isEmpty else { throw error("no frames in it") }
  }

  func error(_ reason: String) -> ImageError {
    ImageError(path: name, reason: "damaged GIF: \(reason)")
  }

  private func uint16(_ offset: Int) -> Int { Int(bytes[offset]) | Int(bytes[offset + 1]) << 8 }

  /// Passes over the palette that flags announce, if they do.
  private mutating func palette(flags: UInt8) throws(ImageError) -> Range<Int>? {
    guard flags & 0x80 != 0 else { return nil }
    let length = 3 << (flags & 7 + 1)
    guard length <= bytes.count - place else { throw error("ends within a palette") }
    place += length
    return place - length..<place
  }

  private mutating func readExtension(into frame: inout Frame) throws(ImageError) {
    guard place < bytes.count else { throw error("ends within an extension") }
    let isControl = bytes[place] == 0xF9
    place += 1
    let first = place
    try skipData()
    if isControl, bytes[first] >= 4 {
      let flags = bytes[first + 1]
      frame.disposal = Disposal(rawValue: flags >> 2 & 7) ?? .none
      frame.delay = uint16(first + 2)
      frame.transparent = flags & 1 != 0 ? bytes[first + 4] : nil
    }
  }

  private mutating func readImage(into frame: inout Frame) throws(ImageError) {
    let number = frames.count
    guard bytes.count - place >= 9 else { throw error("ends within the header of frame \(number)") }
    let flags = bytes[place + 8]
    frame.region = PixelRegion(
      x: uint16(place), y: uint16(place + 2), width: uint16(place + 4), height: uint16(place + 6))
    frame.isInterlaced = flags & 0x40 != 0
    place += 9
    let region = frame.region
    guard region.width > 0, region.height > 0, PixelRegion(wholeOf: size).contains(region) else {
      throw error(
        "frame \(number), \(region.described), is empty or not within "
          + "\(size.width) × \(size.height)")
    }
    frame.palette = try palette(flags: flags)
    guard place < bytes.count else { throw error("ends before the pixels of frame \(number)") }
    frame.codes = place
    place += 1
    try skipData()
  }

  /// Passes over blocks of data, and the empty one behind them.
  private mutating func skipData() throws(ImageError) {
    while place < bytes.count {
      let length = Int(bytes[place])
      place += 1 + length
      if length == 0 { return }
    }
    let frame = frames.isEmpty ? "the first frame" : "frame \(frames.count)"
    throw error("ends within the data of \(frame)")
  }

  /// The data of a frame in one piece.
  func codes(of frame: Frame) -> [UInt8] {
    var (data, place): ([UInt8], Int) = ([], frame.codes + 1)
    while place < bytes.count, bytes[place] > 0 {
      let length = Int(bytes[place])
      data += bytes[place + 1..<place + 1 + length]
      place += 1 + length
    }
    return data
  }
}
