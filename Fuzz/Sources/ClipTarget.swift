import Autodiff
import Images

/// Clips of one format; what they have of another is read as well.
struct ClipTarget: Target {
  private static let decoder = ClipDecoder(
    images: ImageDecoder(maxPixels: 1 << 14, maxSide: 4096, maxBytes: 1 << 20), maxFrames: 64,
    programPath: "")
  private let file = MemoryFile()
  /// Whether checksums of chunks are put right.
  let isPNG: Bool

  func test(_ bytes: [UInt8]) {
    file.fill(bytes)
    guard let clip = attempt({ try Self.decoder.open(file.path) }) else { return }
    check((1...64).contains(clip.count), "\(clip.count) frames are beyond the limit")
    check(clip.size.width * clip.size.height <= 1 << 14, "\(clip.size) pixels are over the limit")
    check(clip.rate.map { $0 > 0 && $0.isFinite } ?? true, "a rate of \(clip.rate ?? 0)")
    var frames: [RGBImage?] = []
    for index in 0..<clip.count {
      let frame = attempt { try clip.frame(at: index) }
      frames.append(frame)
      let size = clip.size
      check(
        frame.map { ImageSize(height: $0.height, width: $0.width) == size } ?? true,
        "frame \(index) is not of the clip's size")
      if frame == nil { break }
    }
    // Going back gives the same frame, or the same error.
    let index = Int(bytes.count) % frames.count
    check(attempt { try clip.frame(at: index) } == frames[index], "frame \(index) has changed")
  }

  func mutated(_ bytes: [UInt8], limit: Int, seed: UInt32) -> [UInt8] {
    var bytes = mutatedByFuzzer(bytes, limit: limit)
    if isPNG, seed % 8 != 0 { repairPNG(&bytes) }
    return bytes
  }
}
