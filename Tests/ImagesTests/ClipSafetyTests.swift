import Foundation
import Testing

@testable import Images

/// Whatever the bytes are, a clip is read or there is an error of one line; limits hold.
@Suite struct ClipSafetyTests {
  private static let files = ["transparent.gif", "over.png", "420.y4m", "repeated.avi"]
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A clip that is cut off is never taken for a whole one with as many frames.
  @Test(arguments: files) func everyTruncationIsAnErrorOrFewerFrames(name: String) throws {
    let bytes = try ClipFixture.bytes(name)
    let count = try #require(ClipFixture.all[name]).frames.count
    // Behind the last frame of a GIF is its end, of an AVI its index.
    let last = name.hasSuffix("gif") ? bytes.count - 1 : bytes.count
    for length in stride(from: 0, to: last, by: bytes.count > 700 ? 7 : 1) {
      try folder.write("x", Array(bytes[..<length]))
      let frames = try? allFrames("\(folder.path)/x").count
      let isWhole = name.hasSuffix("avi") && length > bytes.count - 60
      #expect(isWhole || (frames ?? 0) < count, "\(length) bytes")
    }
  }

  @Test(arguments: files) func anyChangedByteIsSurvived(name: String) throws {
    let bytes = try ClipFixture.bytes(name)
    let decoder = ClipDecoder(
      images: ImageDecoder(maxPixels: 1 << 11, maxBytes: 1 << 20), maxFrames: 50, programPath: "")
    for place in stride(from: 0, to: bytes.count, by: bytes.count > 700 ? 3 : 1) {
      for value: UInt8 in [0, 0xFF, bytes[place] ^ 1, bytes[place] ^ 0x80] {
        var changed = bytes
        changed[place] = value
        let text = try folder.clipError(changed, decoder)
        #expect(!text.contains("\n") && text.utf8.count < 500)
      }
    }
  }

  @Test(arguments: files + ["folder"]) func framesAreLimited(name: String) throws {
    let count = try #require(ClipFixture.all[name]).frames.count
    let path = ClipFixture.path(name)
    #expect(clipError(path, ClipDecoder(maxFrames: count)) == "no error")
    #expect(clipError(path, ClipDecoder(maxFrames: .max, programPath: "")) == "no error")
    #expect(
      clipError(path, ClipDecoder(maxFrames: count - 1))
        == "\(path): more frames than the limit of \(count - 1)")
  }

  @Test(arguments: files) func secondsAreLimited(name: String) throws {
    let fixture = try #require(ClipFixture.all[name])
    let seconds = Double(fixture.frames.count) / (fixture.rate ?? 1)
    let path = ClipFixture.path(name)
    #expect(clipError(path, ClipDecoder(maxSeconds: seconds + 1e-9)) == "no error")
    let told = try #require(ClipDecoder().open(path).seconds)
    #expect(clipError(path, ClipDecoder(maxSeconds: told)) == "no error")
    #expect(
      clipError(path, ClipDecoder(maxSeconds: 0.01))
        == "\(path): \((10 * seconds).rounded() / 10) seconds is over the limit of 0.01")
  }

  @Test(arguments: files) func pixelsAreLimited(name: String) throws {
    let fixture = try #require(ClipFixture.all[name])
    let pixels = fixture.width * fixture.height
    let path = ClipFixture.path(name)
    #expect(clipError(path, ClipDecoder(images: ImageDecoder(maxPixels: pixels))) == "no error")
    let text = clipError(path, ClipDecoder(images: ImageDecoder(maxPixels: pixels - 1)))
    #expect(text.hasSuffix("pixels is over the limit of \(pixels - 1) pixels"), "\(text)")
  }

  /// However small the file is, for its frames may be tiny parts of a canvas that is not.
  @Test(arguments: ["gif", "y4m"]) func pixelsInAllAreLimited(kind: String) throws {
    func text(_ frames: Int) throws -> String {
      let clip =
        kind == "gif"
        ? RawGIF.encode(width: 2, height: 1, (0..<frames).map { _ in RawGIF.row([1]) })
        : Array("YUV4MPEG2 W2 H1 Cmono\n".utf8)
          + (0..<frames).flatMap { _ in Array("FRAME\n12".utf8) }
      return try folder.clipError(clip, ClipDecoder(images: ImageDecoder(maxPixels: 2)))
    }
    #expect(try text(1000) == "no error")
    #expect(
      try text(1001)
        == "1001 frames of 2 × 1 are over the limit of 2000 pixels in all, which is 1000 times "
        + "that of a frame (--max-pixels raises both)")
    let all = ClipDecoder(images: ImageDecoder(maxPixels: .max))
    #expect(clipError(ClipFixture.path("whole.gif"), all) == "no error")
  }

  /// To see whether frames can be read, each is drawn once, and no image is made.
  @Test func checkingMakesNoImages() throws {
    final class Sequence: FrameSequence {
      var (drawn, images) = ([Int](), 0)
      func begin() { drawn = [] }
      func advance(to index: Int) { drawn.append(index) }
      func image() -> RGBImage {
        images += 1
        return RGBImage(width: 1, height: 1, pixels: [0, 0, 0])
      }
    }
    let sequence = Sequence()
    let clip: any ClipFrames = SequentialFrames(
      sequence, count: 3, size: ImageSize(1), rate: nil, format: "GIF")
    for index in 0..<3 { try clip.check(at: index) }
    #expect(sequence.drawn == [0, 1, 2] && sequence.images == 0)
    _ = try clip.frame(at: 1)
    #expect(sequence.drawn == [0, 1] && sequence.images == 1)
  }

  @Test func filesAreLimited() throws {
    for name in ["transparent.gif", "over.png"] {
      let count = try ClipFixture.bytes(name).count
      let path = ClipFixture.path(name)
      #expect(clipError(path, ClipDecoder(images: ImageDecoder(maxBytes: count))) == "no error")
      #expect(
        clipError(path, ClipDecoder(images: ImageDecoder(maxBytes: count - 1)))
          == "\(path): \(count) bytes is over the limit of \(count - 1)")
    }
  }

  /// However many clips are opened, neither memory nor open files stay behind: 10,000 of them with
  /// `CONVIT_BARS=1`, by itself (`make clips-memory`), and then not 100 bytes a clip.
  @Test(
    .disabled(
      if: ProcessInfo.processInfo.environment["CONVIT_SANITIZER"] != nil,
      "a sanitizer keeps memory that was given back")
  ) func manyClipsTakeConstantMemory() throws {
    func resident() throws -> Int {
      let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
      return (Int(text.split(separator: " ")[1]) ?? 0) * Int(getpagesize())
    }
    func descriptors() throws -> Int {
      try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }
    let paths = (Self.files + ["folder"]).map { ClipFixture.path($0) }
    func read(_ clips: Int) throws {
      for index in 0..<clips {
        let clip = try ClipDecoder().open(paths[index % paths.count])
        _ = try clip.frame(at: clip.count / 2)
      }
    }
    let isLong = ProcessInfo.processInfo.environment["CONVIT_BARS"] != nil
    try read(isLong ? 1000 : 200)
    let before = (try resident(), try descriptors())
    try read(isLong ? 10_000 : 1000)
    // Other tests run beside the short form.
    #expect(try resident() - before.0 < (isLong ? 1 << 20 : 24 << 20))
    #expect(try descriptors() - before.1 < (isLong ? 1 : 100))
  }
}
