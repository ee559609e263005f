import CImage
import Files

/// What an animated PNG says of its frames, before any pixel is known: the PNG specification,
/// third edition, 11.3.2.
struct APNGChunks {
  struct Frame {
    let region: PixelRegion
    let disposal: Disposal
    let isBlended: Bool
    /// Seconds.
    let delay: Double
    /// The compressed data, in the file.
    var data: [Range<Int>] = []
  }

  /// What becomes of a frame before the next one is drawn.
  enum Disposal: UInt8 { case stays, background, previous }

  private(set) var size = ImageSize(height: 0, width: 0)
  private(set) var frames: [Frame] = []
  private let bytes: [UInt8]
  private let name: String
  private var header = 0..<0
  /// Palette and transparency, whole chunks with their checksums: two at most.
  private var colours: [Range<Int>] = []
  private var announced: Int?
  private var sequence: UInt32 = 0
  private var hasImage = false
  private var isImageFrame = false

  /// Whether `bytes` are a PNG that announces an animation before the first pixels.
  static func isAnimated(_ bytes: [UInt8]) -> Bool {
    guard ImageFormat(sniffing: bytes) == .png else { return false }
    return bytes.withUnsafeBufferPointer { bytes in
      for chunk in FileChunks(bytes, isWebP: false) {
        if chunk.type == "acTL" { return true }
        if chunk.type == "IDAT" { return false }
      }
      return false
    }
  }

  /// The same of a PNG file, of which only the headers of chunks are read. The one that says it may
  /// lie behind so many others.
  static func isAnimated(_ file: RegularFile, mostOthers: Int = 4096) -> Bool {
    var place = 8
    for _ in 0...mostOthers {
      guard place + 12 <= file.size, let head = try? file.bytes(at: place, count: 8) else { break }
      switch head.fourCC(at: 4) {
      case "acTL": return true
      case "IDAT", "IEND": return false
      default: place += 12 + head.withUnsafeBufferPointer { Int($0.uint32BigEndian(at: 0)) }
      }
    }
    return false
  }

  /// Reads the chunks of `bytes`, of a file that errors call `name`, up to `maxFrames` frames and
  /// one more.
  init(_ bytes: [UInt8], name: String, maxFrames: Int) throws(ImageError) {
    (self.bytes, self.name) = (bytes, name)
    var (place, hasEnded) = (8, false)
    // One after the other: a file may have millions of empty chunks.
    try bytes.withUnsafeBufferPointer { (bytes) throws(ImageError) in
      var chunks = FileChunks(bytes, isWebP: false)
      while frames.count <= maxFrames, let chunk = chunks.next() {
        guard isSound(chunk.data) else { throw error("\(chunk.type): CRC error") }
        try read(chunk.type, chunk.data)
        place = chunk.data.upperBound + 4
        hasEnded = chunk.type == "IEND"
      }
    }
    if frames.count > maxFrames { return }
    guard hasEnded else { throw error("ends within the chunk at byte \(place)") }
    guard frames.last?.data.isEmpty == false else {
      throw error(frames.isEmpty ? "no frames in it" : "frame \(frames.count - 1) has no pixels")
    }
    guard frames.count == announced else {
      throw error("\(announced ?? 0) frames are announced, found \(frames.count)")
    }
  }

  private func error(_ reason: String) -> ImageError {
    ImageError(path: name, reason: "damaged APNG: \(reason)")
  }

  private func uint32(_ offset: Int) -> UInt32 {
    bytes.withUnsafeBufferPointer { $0.uint32BigEndian(at: offset) }
  }

  /// Whether the checksum behind the data is that of the type and the data.
  private func isSound(_ data: Range<Int>) -> Bool {
    bytes.withUnsafeBufferPointer { bytes in
      let checked = UnsafeBufferPointer(rebasing: bytes[data.lowerBound - 4..<data.upperBound])
      return cimage_crc32(checked.baseAddress, checked.count)
        == bytes.uint32BigEndian(at: data.upperBound)
    }
  }

  private mutating func read(_ type: String, _ data: Range<Int>) throws(ImageError) {
    switch type {
    case "IHDR":
      guard data.count == 13, header.isEmpty else { throw error("IHDR in a wrong place or form") }
      header = data
      size = ImageSize(
        height: Int(uint32(data.lowerBound + 4)), width: Int(uint32(data.lowerBound)))
    case "PLTE", "tRNS":
      guard colours.count < 2 else { throw error("\(type) is there again") }
      colours.append(data.lowerBound - 8..<data.upperBound + 4)
    case "acTL":
      guard data.count == 8, !hasImage else { throw error("acTL in a wrong place or form") }
      announced = Int(uint32(data.lowerBound))
    case "fcTL":
      try readControl(data)
    case "IDAT":
      // The default image is a frame if it has been announced as the first one.
      if !hasImage { (hasImage, isImageFrame) = (true, frames.count == 1) }
      guard frames.count == (isImageFrame ? 1 : 0) else { throw error("IDAT behind a frame") }
      if isImageFrame, !data.isEmpty { frames[0].data.append(data) }
    case "fdAT":
      guard data.count > 4, hasImage, frames.count > (isImageFrame ? 1 : 0) else {
        throw error("fdAT without a frame")
      }
      try count(data)
      frames[frames.count - 1].data.append(data.dropFirst(4))
    default: break
    }
  }

  /// Fails unless chunks of animation are numbered in their order.
  private mutating func count(_ data: Range<Int>) throws(ImageError) {
    let number = uint32(data.lowerBound)
    guard number == sequence else { throw error("chunk \(number) comes in place of \(sequence)") }
    sequence += 1
  }

  private mutating func readControl(_ data: Range<Int>) throws(ImageError) {
    let number = frames.count
    let start = data.lowerBound
    guard data.count == 26, announced != nil, !header.isEmpty else {
      throw error("the header of frame \(number) is in a wrong place or form")
    }
    try count(data)
    guard frames.last?.data.isEmpty != true else {
      throw error("frame \(number - 1) has no pixels")
    }
    let region = PixelRegion(
      x: Int(uint32(start + 12)), y: Int(uint32(start + 16)), width: Int(uint32(start + 4)),
      height: Int(uint32(start + 8)))
    let whole = PixelRegion(wholeOf: size)
    guard region.width > 0, region.height > 0,
      hasImage ? whole.contains(region) : region == whole
    else {
      throw error(
        "frame \(number), \(region.described), "
          + (hasImage ? "is empty or not within" : "is the default image and not")
          + " \(size.width) × \(size.height)")
    }
    guard let disposal = Disposal(rawValue: bytes[start + 24]), bytes[start + 25] < 2 else {
      throw error("frame \(number) has an unknown way to be disposed of or blended")
    }
    func uint16(_ offset: Int) -> Double { Double(uint32(start + offset) >> 16) }
    let parts = Double(uint32(start + 20) & 0xFFFF)
    frames.append(
      Frame(
        region: region, disposal: disposal, isBlended: bytes[start + 25] == 1,
        delay: uint16(20) / (parts == 0 ? 100 : parts)))
  }

  /// A frame as a PNG by itself: the file's header and colours with the frame's size and data.
  func png(of frame: Frame) -> [UInt8] {
    var png = Array(bytes[..<8])
    let (width, height) = (bigEndian(frame.region.width), bigEndian(frame.region.height))
    png.appendChunk("IHDR", width + height + bytes[header].dropFirst(8))
    for chunk in colours { png += bytes[chunk] }
    for part in frame.data { png.appendChunk("IDAT", bytes[part]) }
    png.appendChunk("IEND", [])
    return png
  }
}
