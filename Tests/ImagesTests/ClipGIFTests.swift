import Foundation
import Testing

@testable import Images

/// What a GIF says of its frames, rule by rule, in rows of a few pixels.
@Suite struct ClipGIFTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The frames of a GIF of one row, as indices of the palette.
  private func rows(
    _ width: UInt8, palette: [UInt8] = RawGIF.palette, background: UInt8 = 0, _ blocks: [[UInt8]]
  ) throws -> [[Int?]] {
    let gif = RawGIF.encode(
      width: width, height: 1, palette: palette, background: background, blocks)
    try folder.write("x", gif)
    return try allFrames("\(folder.path)/x").map { image in
      stride(from: 0, to: image.pixels.count, by: 3).map { pixel in
        let colour = Array(image.pixels[pixel..<pixel + 3])
        return stride(from: 0, to: RawGIF.palette.count, by: 3).map {
          Array(RawGIF.palette[$0..<$0 + 3])
        }.firstIndex(of: colour)
      }
    }
  }

  /// What becomes of a frame; a number of disposal that means nothing does nothing.
  @Test(arguments: [0, 1, 2, 3, 4, 5, 6, 7] as [UInt8]) func disposal(_ number: UInt8) throws {
    let left: [Int] =
      switch number {
      case 2: [3, 3, 2]
      case 3: [1, 2, 2]
      default: [1, 1, 2]
      }
    #expect(
      try rows(
        3, background: 3,
        [
          RawGIF.row([1, 2, 3]), RawGIF.control(disposal: number), RawGIF.row([1, 1]),
          RawGIF.row([2], x: 2),
        ]) == [[1, 2, 3], [1, 1, 3], left])
  }

  /// A control is of the next frame alone, whatever stands between the two.
  @Test func aControlIsOfOneFrame() throws {
    #expect(
      try rows(
        2,
        [
          RawGIF.row([1, 2]), RawGIF.control(transparent: 3),
          RawGIF.extension(0xFE, Array("words".utf8)), RawGIF.row([3, 1]), RawGIF.row([3], x: 1),
          RawGIF.control(disposal: 2), RawGIF.row([2]), RawGIF.row([1], x: 1), RawGIF.row([2]),
        ]) == [[1, 2], [1, 1], [1, 3], [2, 3], [0, 1], [2, 1]])
  }

  /// Nor is there one in an extension of another kind, or in one that is too short.
  @Test func otherExtensionsAreNoControls() throws {
    for other in [
      RawGIF.extension(0xFE, [9, 10, 0, 3]), RawGIF.extension(0xFF, [9, 10, 0, 3]),
      RawGIF.extension(0xF9, [9, 3, 3]),
    ] {
      #expect(
        try rows(2, [RawGIF.row([1, 2]), other, RawGIF.row([3, 1]), RawGIF.row([2])])
          == [[1, 2], [3, 1], [2, 1]])
    }
  }

  /// A first frame that is to be replaced by what was before it: that is nothing, of the colour of
  /// its transparent index, if it has one; else it stays.
  @Test func theFirstFrameGoes() throws {
    for (transparent, left) in [(UInt8(2), [2, 3, 2]), (nil, [1, 3, 1])] {
      #expect(
        try rows(
          3,
          [
            RawGIF.control(disposal: 3, transparent: transparent), RawGIF.row([1, 1, 1]),
            RawGIF.row([3], x: 1),
          ])[1] == left)
    }
  }

  /// A transparent index need not be one of the palette's; any other must.
  @Test func indicesBeyondThePalette() throws {
    let two = Array(RawGIF.palette[..<6])
    func frames(_ pixels: [UInt8], _ transparent: UInt8?) throws -> [[Int?]] {
      try rows(
        2, palette: two, background: 3,
        [
          RawGIF.row([1, 1]), RawGIF.control(disposal: 2, transparent: transparent),
          RawGIF.row(pixels), RawGIF.row([1]),
        ])
    }
    #expect(try frames([3, 0], 3) == [[1, 1], [1, 0], [1, 0]])
    #expect(try frames([1, 0], 200) == [[1, 1], [1, 0], [1, 0]])
    // The background that is left is beyond the palette, too: the first colour.
    #expect(try frames([1, 1], nil) == [[1, 1], [1, 1], [1, 0]])
    let text = try folder.clipError(
      RawGIF.encode(
        width: 2, height: 1, palette: two, [RawGIF.control(transparent: 3), RawGIF.row([3, 2])]))
    #expect(text == "damaged GIF: frame 0 uses colour 2 of a palette of 2 (they count from 0)")
  }

  @Test func aFrameOfNothing() throws {
    let text = try folder.clipError(
      RawGIF.encode(width: 2, height: 1, [RawGIF.row([1, 2]), RawGIF.row([1], width: 0)]))
    #expect(
      text == "damaged GIF: frame 1, 0 × 1 pixels at (0, 0), is empty or not within 2 × 1")
  }

  /// Times of more than 255 hundredths of a second have two bytes.
  @Test func longTimes() throws {
    let slow = RawGIF.extension(0xF9, [0, 0x2C, 1, 0])  // 300
    try folder.write("x", RawGIF.encode(width: 1, height: 1, [slow, RawGIF.row([1])]))
    #expect(try ClipDecoder().open("\(folder.path)/x").seconds == 3)
  }

  /// The last of 4096 codes stands for a string as all others do, and there is none behind it; and
  /// behind a code that clears them, all are unknown.
  @Test func theLastCode() {
    // Pixels, of which each but the first makes a string: 258 codes are known before the second.
    let codes =
      [(256, 9)]
      + (0..<3839).map { number in
        let known = 258 + max(number - 1, 0)
        return (number % 250, known < 512 ? 9 : known < 1024 ? 10 : known < 2048 ? 11 : 12)
      }
    let start = (0..<3839).map { UInt8($0 % 250) }
    func pixels(_ more: [(Int, Int)], count: Int) -> [UInt8]? {
      GIFCodes.pixels(RawGIF.bytes(of: codes + more), size: 8, count: count)
    }
    #expect(pixels([(4095, 12)], count: 3841) == start + [start[3837], start[3838]])
    #expect(pixels([(4095, 12), (7, 12)], count: 3842)?.last == 7)
    #expect(pixels([(256, 12), (4, 9), (5, 9)], count: 3841) == start + [4, 5])
    for unknown in [256 + 2, 300] {
      #expect(pixels([(256, 12), (unknown, 9)], count: 3840) == nil)
    }
  }

  /// The older version of the format has no controls, and is read all the same.
  @Test func theOlderVersion() throws {
    var gif = RawGIF.encode(width: 2, height: 1, [RawGIF.row([1, 2])])
    gif[4] = UInt8(ascii: "7")
    #expect(try folder.clipError(gif) == "no error")
  }
}
