import Testing

@testable import Images

/// What is not read is named; the name of a file is not asked.
@Suite struct DecodeFormatTests {
  static let formats: [(head: [UInt8], found: String)] = [
    ([], "an empty file"),
    (Array("GIF89a\u{1}\0\u{1}\0".utf8), "GIF"),
    (Array("RIFF\u{10}\0\0\0WAVEfmt ".utf8), "a RIFF file"),
    (Array("BM\u{46}\0\0\0\0\0\0\0".utf8), "BMP"),
    ([0x49, 0x49, 0x2A, 0x00, 8, 0, 0, 0], "TIFF"),
    ([0x4D, 0x4D, 0x00, 0x2A, 0, 0, 0, 8], "TIFF"),
    (Array("\0\0\0\u{18}ftypheic\0\0\0\0".utf8), "HEIC"),
    (Array("\0\0\0\u{18}ftypmif1\0\0\0\0".utf8), "HEIC"),
    (Array("\0\0\0\u{1C}ftypavif\0\0\0\0".utf8), "AVIF"),
    (Array("\0\0\0\u{1C}ftypisom\0\0\0\0".utf8), "a video or other media file"),
    ([0xFF, 0x0A, 1, 2], "JPEG XL"),
    (Array("<!DOCTYPE html><html>".utf8), "an HTML or XML page"),
    (Array("\n  <svg xmlns=\"\"/>".utf8), "an HTML or XML page"),
    (Array("{\"error\": \"not found\"}".utf8), "JSON"),
    (Array("just some text\n".utf8), "text"),
    (
      Array("version https://git-lfs.github.com/spec/v1\noid sha256:00\n".utf8),
      "a git-lfs pointer, not the image itself"
    ),
    ([0x50, 0x4B, 3, 4, 0, 0], "a zip archive"),
    (Array("%PDF-1.4".utf8), "PDF"),
    ([0, 1, 2, 0xFE, 9, 9, 9, 9, 9], "data beginning 00 01 02 fe 09 09 09 09"),
    ([0xFF, 0xD8], "data beginning ff d8"),
  ]

  @Test(arguments: formats)
  func otherFormatsAreNamed(head: [UInt8], found: String) {
    #expect(
      errorText(head, name: "dog.jpg")
        == "dog.jpg: expected \(ImageFormat.readNames), found \(found)")
  }

  @Test func contentDecidesNotTheName() throws {
    try withTemporaryDirectory { directory in
      for (name, other) in [
        ("rgb8.png", "a.jpg"), ("ycc444.jpg", "b.png"), ("one.png", "c"), ("lossy.webp", "d.jpg"),
      ] {
        let bytes = try DecodeFixtures.bytes(name)
        let expected = try ImageDecoder().decode(bytes, name: name)
        try write(bytes, to: directory + "/" + other)
        #expect(try ImageDecoder().decode(contentsOf: directory + "/" + other) == expected)
      }
    }
  }

  @Test func whatGzipHoldsIsNamed() throws {
    #expect(
      errorText(try DecodeFixtures.bytes("bad-gzip-text.gz"))
        == "x: expected \(ImageFormat.readNames), found gzip of text")
    #expect(
      errorText(try DecodeFixtures.bytes("bad-gzip-gzip.gz"))
        == "x: expected \(ImageFormat.readNames), found gzip of gzip data")
    #expect(
      errorText(try DecodeFixtures.bytes("bad-gzip-cut-jpeg.gz"))
        == "x: damaged gzip of JPEG: Premature end of JPEG file")
    #expect(
      errorText([0x1F, 0x8B, 1, 2, 3, 4]) == "x: damaged gzip data: unknown compression method")
  }

  @Test func formsOfJPEGThatAreNotReadAreNamed() throws {
    var bytes = try DecodeFixtures.bytes("ycc444.jpg")
    let frame = try #require(JPEGMarkers.offset(of: 0xC0, in: bytes))
    let names: [(UInt8, String)] = [
      (0xC3, "lossless coding (frame 0xc3)"),
      (0xC5, "hierarchical coding (frame 0xc5)"),
      (0xCB, "lossless arithmetic coding (frame 0xcb)"),
    ]
    for (marker, name) in names {
      bytes[frame + 1] = marker
      #expect(errorText(bytes) == "x: unsupported JPEG: \(name)")
    }
    bytes[frame + 1] = 0xC1
    #expect(errorText(bytes) == "no error")
    bytes[frame + 4] = 12
    #expect(errorText(bytes) == "x: unsupported JPEG: 12 bits a sample, expected 8")
    let two = try DecodeFixtures.bytes("bad-two-components.jpg")
    #expect(errorText(two) == "x: unsupported JPEG: 2 components, expected 1, 3 or 4")
  }
}
