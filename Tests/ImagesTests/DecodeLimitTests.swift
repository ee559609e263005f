import Foundation
import Testing

@testable import Images

/// Sizes are checked before memory is asked for, and small files cannot cause long work.
@Suite struct DecodeLimitTests {
  private func png(_ width: Int, _ height: Int) -> [UInt8] {
    RawPNG.encode(width: width, height: height, bits: 8, colour: 2, rows: [0])
  }

  /// A sound JPEG with another size in its frame header.
  private func jpeg(_ width: Int, _ height: Int) throws -> [UInt8] {
    var bytes = try DecodeFixtures.bytes("ycc420.jpg")
    let frame = try #require(JPEGMarkers.offset(of: 0xC0, in: bytes))
    bytes.replaceSubrange(frame + 5..<frame + 7, with: RawPNG.bigEndian(height).suffix(2))
    bytes.replaceSubrange(frame + 7..<frame + 9, with: RawPNG.bigEndian(width).suffix(2))
    return bytes
  }

  @Test func hugeHeadersAreRefused() throws {
    #expect(
      errorText(png(60000, 60000))
        == "x: PNG: 60000 × 60000 pixels is over the limit of 89478485 pixels")
    #expect(
      errorText(png(70000, 1)) == "x: PNG: 70000 × 1 pixels has a side over the limit of 65500")
    #expect(
      errorText(png(0xFFFF_FFFF, 0xFFFF_FFFF))
        == "x: PNG: 4294967295 × 4294967295 pixels has a side over the limit of 65500")
    #expect(
      errorText(try jpeg(60000, 60001))
        == "x: JPEG: 60000 × 60001 pixels is over the limit of 89478485 pixels")
    #expect(
      errorText(try jpeg(65501, 3))
        == "x: JPEG: 65501 × 3 pixels has a side over the limit of 65500")
  }

  @Test func hugeCanvasesAreRefused() throws {
    var bytes = try DecodeFixtures.bytes("animated.webp")
    bytes.replaceSubrange(24..<30, with: [0x6F, 0x11, 1, 0, 0, 0])  // of VP8X
    #expect(errorText(bytes) == "x: WebP: 70000 × 1 pixels has a side over the limit of 65500")
    let limits = ImageDecoder(maxPixels: 31 * 29 - 1)
    #expect(
      errorText(try DecodeFixtures.bytes("animated.webp"), limits)
        == "x: WebP: 31 × 29 pixels is over the limit of 898 pixels")
  }

  @Test func emptyImagesAreRefused() throws {
    #expect(errorText(png(0, 5)) == "x: PNG: 0 × 5 pixels is empty")
    #expect(errorText(png(5, 0)) == "x: PNG: 5 × 0 pixels is empty")
    #expect(errorText(try jpeg(0, 5)) == "x: JPEG: 0 × 5 pixels of 3 components is empty")
    #expect(errorText(try jpeg(5, 0)) == "x: JPEG: 5 × 0 pixels of 3 components is empty")
  }

  /// With limits that allow it, nothing overflows: libpng has limits of its own.
  @Test func limitsOfAnySizeAreSafe() {
    let open = ImageDecoder(maxPixels: .max, maxSide: .max, maxBytes: .max)
    let most = Int(Int32.max)
    #expect(errorText(png(most, most), open) != "no error")
    #expect(errorText(png(1 << 20, 1 << 20), ImageDecoder(maxPixels: 0)).contains("limit of"))
    let none = ImageDecoder(maxPixels: -1, maxSide: -1, maxBytes: -1)
    #expect(errorText(png(1, 1), none) == "x: \(png(1, 1).count) bytes is over the limit of -1")
  }

  @Test func limitsAreInclusive() throws {
    let bytes = try DecodeFixtures.bytes("rgb8.png")
    let exact = ImageDecoder(maxPixels: 17 * 13, maxSide: 17, maxBytes: bytes.count)
    #expect(errorText(bytes, exact) == "no error")
    #expect(
      errorText(bytes, ImageDecoder(maxPixels: 17 * 13 - 1))
        == "x: PNG: 17 × 13 pixels is over the limit of 220 pixels")
    #expect(
      errorText(bytes, ImageDecoder(maxSide: 16))
        == "x: PNG: 17 × 13 pixels has a side over the limit of 16")
    let path = DecodeFixtures.directory + "rgb8.png"
    #expect(
      errorText(path: path, ImageDecoder(maxBytes: bytes.count - 1))
        == "\(path): \(bytes.count) bytes is over the limit of \(bytes.count - 1)")
  }

  @Test func scanBombsAreRefused() throws {
    // Baseline with a scan for each component, the first of them again and again.
    let bytes = try DecodeFixtures.bytes("scans.jpg")
    let scans = JPEGMarkers.offsets(of: 0xDA, in: bytes)
    try #require(scans.count == 3)
    #expect(errorText(bytes) == "no error")
    let repeated = Array(repeating: bytes[scans[0]..<scans[1]], count: 5000).flatMap { $0 }
    let bomb = Array(bytes[..<scans[0]]) + repeated + bytes[scans[0]...]
    #expect(errorText(bomb) == "x: JPEG: more than 100 scans")
    #expect(errorText(bomb, ImageDecoder(isLenient: true)) == "x: JPEG: more than 100 scans")
    // In a progressive file a repeated scan is a warning, so it takes the lenient to get there.
    let progressive = try DecodeFixtures.bytes("progressive.jpg")
    let passes = JPEGMarkers.offsets(of: 0xDA, in: progressive)
    let pass = Array(repeating: progressive[passes[0]..<passes[1]], count: 5000).flatMap { $0 }
    let other = Array(progressive[..<passes[0]]) + pass + progressive[passes[0]...]
    #expect(errorText(other).hasPrefix("x: damaged JPEG: Inconsistent progression sequence"))
    #expect(errorText(other, ImageDecoder(isLenient: true)) == "x: JPEG: more than 100 scans")
  }

  /// Text is dropped as it is read: neither its number nor its size counts.
  @Test func textInAPNGTakesNoMemory() {
    let text = RawPNG.chunk("tEXt", Array("Comment\0".utf8) + [UInt8](repeating: 97, count: 2000))
    let many = Array(repeating: text, count: 2000).flatMap { $0 }
    let image = RawPNG.chunk("IDAT", RawPNG.stored([0, 1, 2, 3]))
    let header = RawPNG.chunk("IHDR", RawPNG.header(width: 1, height: 1, bits: 8, colour: 2))
    let bytes = RawPNG.signature + header + many + image + many + RawPNG.chunk("IEND", [])
    #expect(errorText(bytes) == "no error")
  }

  /// A text that might hold an orientation is inflated, but not to any size.
  @Test func textThatInflatesIsLeftAlone() throws {
    let bomb = try DecodeFixtures.bytes("bad-gzip-bomb.gz")  // 16 MB, in gzip as good as in zlib
    for keyword in ["Raw profile type exif", "XML:com.adobe.xmp"] {
      let text = RawPNG.chunk("zTXt", Array("\(keyword)\0\0".utf8) + bomb)
      let sound = png(1, 1)
      let bytes = RawPNG.encode(width: 1, height: 1, bits: 8, colour: 2, rows: [0, 1, 2, 3])
      #expect(errorText(Array(bytes.prefix(33) + text + bytes[33...])) == "no error")
      #expect(errorText(Array(sound.prefix(33) + text + sound[33...])) != "no error")
    }
  }

  /// Found by fuzzing: libpng takes as much memory as an eXIf chunk says that it has bytes, before
  /// it looks for them.
  @Test func aChunkThatIsNotThereTakesNoMemory() throws {
    /// The most address space that this process has had, in kB.
    func peak() throws -> Int {
      let lines = try String(contentsOfFile: "/proc/self/status", encoding: .utf8).split {
        $0 == "\n"
      }
      let line = try #require(lines.first { $0.hasPrefix("VmPeak") })
      return try #require(Int(line.filter(\.isNumber)))
    }
    let sound = png(1, 1)
    let bytes = sound.prefix(33) + RawPNG.bigEndian(0x7FFF_FFFF) + Array("eXIf".utf8) + sound[33...]
    let before = try peak()
    #expect(errorText(Array(bytes)).hasPrefix("x: damaged PNG: ends after"))
    #expect(try peak() - before < 1 << 20, "less than a gigabyte")
  }

  @Test func gzipIsBounded() throws {
    let bytes = try DecodeFixtures.bytes("gzipped.png")
    let inside = try ImageDecoder().decode(bytes, name: "x")
    #expect(inside.width == 7)
    // 16 MB of zeros in 16 kB.
    let bomb = try DecodeFixtures.bytes("bad-gzip-bomb.gz")
    #expect(
      errorText(bomb, ImageDecoder(maxBytes: 1 << 20))
        == "x: gzip data: more than the limit of 1048576 bytes")
    #expect(
      errorText(bomb, ImageDecoder(maxBytes: (16 << 20) - 1))
        == "x: gzip data: more than the limit of 16777215 bytes")
    #expect(
      errorText(bomb, ImageDecoder(maxBytes: 16 << 20))
        == "x: expected \(ImageFormat.readNames), found gzip of data beginning"
        + " 00 00 00 00 00 00 00 00"
    )
  }
}
