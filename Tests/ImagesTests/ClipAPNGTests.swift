import Foundation
import Testing

@testable import Images

/// What an animated PNG says of its frames, chunk by chunk, in grey images of 2 × 1 pixels.
@Suite struct ClipAPNGTests {
  private let folder: TemporaryFolder
  private let header = RawPNG.chunk("IHDR", RawPNG.header(width: 2, height: 1, bits: 8, colour: 0))
  private let image = RawPNG.chunk("IDAT", RawPNG.stored([0, 10, 20]))

  init() throws { folder = try TemporaryFolder() }

  private func animation(_ frames: Int) -> [UInt8] {
    RawPNG.chunk("acTL", RawPNG.bigEndian(frames) + RawPNG.bigEndian(0))
  }

  /// The header of a frame, which is the `number`-th chunk of the animation.
  private func control(
    _ number: Int, width: Int = 2, height: Int = 1, x: Int = 0, delay: [UInt8] = [0, 1, 0, 10],
    blend: UInt8 = 0
  ) -> [UInt8] {
    RawPNG.chunk(
      "fcTL",
      [number, width, height, x, 0].flatMap(RawPNG.bigEndian) + delay + [0, blend])
  }

  private func data(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
    RawPNG.chunk("fdAT", RawPNG.bigEndian(number) + bytes)
  }

  private func text(_ chunks: [[UInt8]]) throws -> String {
    try folder.clipError(png(chunks))
  }

  private func png(_ chunks: [[UInt8]]) -> [UInt8] {
    RawPNG.signature + chunks.flatMap(\.self) + RawPNG.chunk("IEND", [])
  }

  private func frames(_ chunks: [[UInt8]]) throws -> [[UInt8]] {
    try folder.write("x", png(chunks))
    return try allFrames("\(folder.path)/x").map { [$0.pixels[0], $0.pixels[3]] }
  }

  /// The data of a frame are one stream, in however many chunks.
  @Test func framesInParts() throws {
    let (first, second) = (RawPNG.stored([0, 10, 20]), RawPNG.stored([0, 30, 40]))
    let whole = [header, animation(2), control(0), image, control(1), data(2, second)]
    #expect(try frames(whole) == [[10, 20], [30, 40]])
    let parts = [
      header, animation(2), control(0), RawPNG.chunk("IDAT", Array(first[..<5])),
      RawPNG.chunk("IDAT", Array(first[5...])), control(1), data(2, Array(second[..<4])),
      data(3, Array(second[4...])),
    ]
    #expect(try frames(parts) == [[10, 20], [30, 40]])
  }

  @Test func framesAreAsManyAsAnnounced() throws {
    let second = data(2, RawPNG.stored([0, 30, 40]))
    for announced in [1, 3] {
      let found = try text([header, animation(announced), control(0), image, control(1), second])
      #expect(found == "damaged APNG: \(announced) frames are announced, found 2")
    }
  }

  /// What the last frame leaves behind is nothing to the first one, which is read again: half of
  /// 100 over nothing, and not over 200.
  @Test func fromTheFirstFrameAgain() throws {
    func chunk(_ number: Int, disposal: UInt8, blend: UInt8) -> [UInt8] {
      RawPNG.chunk(
        "fcTL", [number, 2, 1, 0, 0].flatMap(RawPNG.bigEndian) + [0, 1, 0, 10, disposal, blend])
    }
    let header = RawPNG.chunk("IHDR", RawPNG.header(width: 2, height: 1, bits: 8, colour: 4))
    func row(_ grey: UInt8, _ alpha: UInt8) -> [UInt8] {
      RawPNG.stored([0, grey, alpha, grey, alpha])
    }
    try folder.write(
      "x",
      png([
        header, animation(3), chunk(0, disposal: 0, blend: 1), RawPNG.chunk("IDAT", row(100, 128)),
        chunk(1, disposal: 0, blend: 0), data(2, row(200, 255)), chunk(3, disposal: 2, blend: 0),
        data(4, row(50, 255)),
      ]))
    let clip = try ClipDecoder().open("\(folder.path)/x")
    for (index, grey) in [(0, 100), (2, 50), (0, 100), (1, 200), (0, 100)] as [(Int, UInt8)] {
      #expect(try clip.frame(at: index).pixels == Array(repeating: grey, count: 6))
    }
  }

  /// An image that no frame announces is left out, and has as many pieces as it wants.
  @Test func aDefaultImage() throws {
    let chunks = [header, animation(1), image, control(0), data(1, RawPNG.stored([0, 30, 40]))]
    #expect(try frames(chunks) == [[30, 40]])
    try folder.write("x", png(chunks))
    #expect(try ClipDecoder().open("\(folder.path)/x").rate == 10)
  }

  /// Empty chunks, of which a file may have millions, leave nothing behind.
  @Test func emptyChunks() throws {
    let empty = ["teXt", "IDAT"].flatMap { Array(repeating: RawPNG.chunk($0, []), count: 500) }
    let chunks = [header, animation(1), control(0)] + empty + [image] + empty
    #expect(try frames(chunks) == [[10, 20]])
    let read = try APNGChunks(png(chunks), name: "x", maxFrames: 9)
    #expect(read.frames.map(\.data.count) == [1])
    let palette = RawPNG.chunk("PLTE", [1, 2, 3])
    #expect(
      try text([header, animation(1), palette, palette, palette, control(0), image])
        == "damaged APNG: PLTE is there again")
  }

  @Test func whatIsNoAnimation() throws {
    let still = "a PNG of one image, not a clip: the frames of a clip need a folder"
    #expect(try text([header, image, animation(1)]) == still)
    #expect(try text([header, animation(0), image]) == "damaged APNG: no frames in it")
  }

  /// Chunks in a wrong place or form, each with what it is.
  @Test func chunksOutOfPlace() throws {
    let (two, pixels) = (animation(2), RawPNG.stored([0, 30, 40]))
    let (first, second) = (control(0), control(1))
    for (chunks, reason) in [
      ([header, header, two, first, image], "IHDR in a wrong place or form"),
      ([RawPNG.chunk("IHDR", [0, 0, 0, 2]), two], "IHDR in a wrong place or form"),
      ([header, two, first, image, two], "acTL in a wrong place or form"),
      ([header, RawPNG.chunk("acTL", [0, 0, 0, 2])], "acTL in a wrong place or form"),
      ([header, first, two, image], "the header of frame 0 is in a wrong place or form"),
      ([two, first, header, image], "the header of frame 0 is in a wrong place or form"),
      (
        [header, two, RawPNG.chunk("fcTL", [0, 0, 0, 0]), image],
        "the header of frame 0 is in a wrong place or form"
      ),
      ([header, two, first, data(1, pixels), image], "fdAT without a frame"),
      ([header, two, first, image, data(1, pixels)], "fdAT without a frame"),
      ([header, two, image, data(0, pixels)], "fdAT without a frame"),
      ([header, two, first, image, second, data(2, [])], "fdAT without a frame"),
      ([header, two, first, image, second, image], "IDAT behind a frame"),
      ([header, two, image, first, image], "IDAT behind a frame"),
      ([header, two, first, second, image], "frame 0 has no pixels"),
      ([header, two, first, image, second], "frame 1 has no pixels"),
      ([header, two, first, image, second, control(2)], "frame 1 has no pixels"),
      ([header, two, first, image, data(2, pixels), second], "fdAT without a frame"),
    ] { #expect(try text(chunks) == "damaged APNG: " + reason) }
  }

  @Test func framesThatCannotBe() throws {
    let pixels = RawPNG.stored([0, 30, 40])
    func second(_ control: [UInt8]) throws -> String {
      try text([header, animation(2), self.control(0), image, control, data(2, pixels)])
    }
    #expect(
      try text([header, animation(1), control(0, width: 1), image])
        == "damaged APNG: frame 0, 1 × 1 pixels at (0, 0), is the default image and not 2 × 1")
    for (control, place) in [
      (control(1, width: 0), "0 × 1 pixels at (0, 0)"),
      (control(1, height: 0), "2 × 0 pixels at (0, 0)"),
      (control(1, x: 1), "2 × 1 pixels at (1, 0)"),
    ] {
      #expect(
        try second(control) == "damaged APNG: frame 1, \(place), is empty or not within 2 × 1")
    }
    #expect(
      try second(control(1, blend: 2))
        == "damaged APNG: frame 1 has an unknown way to be disposed of or blended")
    let short = [header, animation(2), control(0), image, control(1), data(2, [1, 2, 3])]
    #expect(try text(short).hasPrefix("frame 1: damaged PNG: "))
    #expect(
      try text([header, animation(1), control(0)]) == "damaged APNG: frame 0 has no pixels")
  }

  /// How long a frame stays, in parts of a second, of which there are a hundred where it says none.
  @Test func times() throws {
    for (delay, rate) in [([0, 1, 0, 4], 4), ([0, 20, 0, 0], 5), ([1, 0, 2, 0], 2)]
      as [([UInt8], Double)]
    {
      try folder.write("x", png([header, animation(1), control(0, delay: delay), image]))
      #expect(try ClipDecoder().open("\(folder.path)/x").rate == rate)
    }
    try folder.write("x", png([header, animation(1), control(0, delay: [0, 0, 0, 9]), image]))
    #expect(try ClipDecoder().open("\(folder.path)/x").rate == nil)
  }
}
