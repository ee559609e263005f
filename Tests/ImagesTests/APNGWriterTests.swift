import Foundation
import Testing

@testable import Images

@Suite struct APNGWriterTests {
  private let folder: TemporaryFolder
  private var path: String { "\(folder.path)/clip.apng" }

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: [1, 2, 7])
  func framesComeBackAsTheyWere(count: Int) throws {
    let frames = (0..<count * 15).map { UInt8(truncatingIfNeeded: 37 * $0 * $0 + 5) }
    try writeAPNG(gray: frames, width: 5, height: 3, rate: 8, to: path)
    let clip = try ClipDecoder().open(path)
    #expect(clip.count == count && clip.size == ImageSize(height: 3, width: 5))
    #expect(clip.format == "APNG" && clip.rate == 8)
    for frame in 0..<count {
      let pixels = try clip.frame(at: frame).pixels
      #expect(pixels == frames[15 * frame..<15 * (frame + 1)].flatMap { [$0, $0, $0] })
    }
  }

  @Test func whoeverKnowsNoAnimationSeesTheFirstFrame() throws {
    try writeAPNG(gray: [1, 2, 3, 4], width: 2, height: 1, to: path)
    let image = try ImageDecoder().decode(contentsOf: path)
    #expect(image.pixels == [1, 1, 1, 2, 2, 2])
  }

  /// The chunks by hand, with the checksums of Python's `zlib.crc32`.
  @Test func chunksAreNumberedInTheirOrder() throws {
    try writeAPNG(gray: [0, 0], width: 1, height: 1, rate: 4, to: path)
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let chunks = bytes.withUnsafeBufferPointer { Array(FileChunks($0, isWebP: false)) }
    #expect(chunks.map(\.type) == ["IHDR", "acTL", "fcTL", "IDAT", "fcTL", "fdAT", "IEND"])
    #expect(Array(bytes[chunks[1].data]) == [0, 0, 0, 2, 0, 0, 0, 0])
    let control: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 4, 0, 0]
    #expect(Array(bytes[chunks[2].data]) == [0, 0, 0, 0] + control)
    #expect(Array(bytes[chunks[4].data]) == [0, 0, 0, 1] + control)
    #expect(bytes[chunks[5].data].prefix(4) == [0, 0, 0, 2])
    #expect(bytes[chunks[1].data.upperBound...].prefix(4) == [0xF3, 0x8D, 0x93, 0x70])
  }

  @Test func aFolderThatIsNotThereIsAnError() {
    let error = #expect(throws: ImageError.self) {
      try writeAPNG(gray: [1], width: 1, height: 1, to: "\(folder.path)/gone/clip.apng")
    }
    #expect(error?.path == "\(folder.path)/gone/clip.apng")
  }
}
