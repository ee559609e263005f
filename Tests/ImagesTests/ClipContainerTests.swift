import Foundation
import Testing

@testable import Images

/// What AVI and Y4M files say of their frames, where no other program's frames are needed.
@Suite struct ClipContainerTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func place(_ text: String, in bytes: [UInt8], after start: Int = 0) throws -> Int {
    try #require(
      (start..<bytes.count).first { bytes[$0...].starts(with: Array(text.utf8)) })
  }

  private func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
    Array(type.utf8) + (0..<4).map { UInt8(truncatingIfNeeded: data.count >> (8 * $0)) } + data
  }

  /// `bytes` as a file that has them in its list `movi`.
  private func avi(_ bytes: [UInt8]) throws -> [UInt8] {
    let plain = try ClipFixture.bytes("plain.avi")
    let list = try place("movi", in: plain) - 8
    return chunk(
      "RIFF", Array(plain[8..<list]) + chunk("LIST", Array("movi".utf8) + bytes))
  }

  private func frame() throws -> [UInt8] {
    let plain = try ClipFixture.bytes("plain.avi")
    let first = try place("00dc", in: plain)
    return Array(plain[first..<(try place("00dc", in: plain, after: first + 1))])
  }

  @Test func aFrameIsWithinTheLimit() throws {
    let clip = try avi(frame())
    let length = Int(try frame()[4]) | Int(try frame()[5]) << 8
    func text(_ limit: Int) throws -> String {
      try folder.clipError(clip, ClipDecoder(images: ImageDecoder(maxBytes: limit)))
    }
    #expect(try text(length) == "no error")
    #expect(
      try text(length - 1) == "frame 0: \(length) bytes is over the limit of \(length - 1)")
  }

  /// A frame that is repeated is checked once, and the one behind it again.
  @Test func theFrameBehindARepeatedOneIsChecked() throws {
    try folder.write("x", avi(frame() + chunk("00dc", []) + chunk("00dc", [1, 2, 3, 4])))
    let clip = try ClipDecoder().open("\(folder.path)/x")
    #expect(clip.count == 3)
    try clip.check(at: 0)
    try clip.check(at: 1)
    #expect(throws: ImageError.self) { try clip.check(at: 2) }
  }

  /// What the frames are is said by the format of the stream, whatever its header calls them.
  @Test func theCodingIsThatOfTheFormat() throws {
    var clip = try ClipFixture.bytes("plain.avi")
    let handler = try place("vids", in: clip) + 4
    for offset in 0..<4 { clip[handler + offset] = 0 }
    #expect(try folder.clipError(clip) == "no error")
    clip = try ClipFixture.bytes("plain.avi")
    let coding = try place("strf", in: clip) + 24
    clip.replaceSubrange(coding..<coding + 4, with: Array("H264".utf8))
    #expect(
      try folder.clipError(clip, ClipDecoder(programPath: ""))
        .hasPrefix("AVI of coding H264: read by the programs ffmpeg and ffprobe"))
  }

  /// Chunks that are no frames are limited, too, and lists in lists are not followed without end.
  @Test func chunksAreLimited() throws {
    let junk = chunk("JUNK", [])
    let few = ClipDecoder(maxFrames: 1)
    // RIFF, hdrl, avih, strl, strh, strf, JUNK, movi and the frame itself.
    let room = 16 + 4096 - 9
    func clip(_ count: Int) throws -> [UInt8] {
      try avi(Array(repeating: junk, count: count).flatMap(\.self) + frame())
    }
    #expect(try folder.clipError(clip(room), few) == "no error")
    #expect(try folder.clipError(clip(room + 1), few) == "AVI: more than 4112 chunks")
    func nested(_ depth: Int) throws -> [UInt8] {
      var content = try frame()
      for _ in 0..<depth { content = chunk("LIST", Array("rec ".utf8) + content) }
      return try avi(content)
    }
    #expect(try folder.clipError(nested(6)) == "no error")
    #expect(try folder.clipError(nested(7)) == "damaged AVI: no frames in it")
  }

  /// A list that says more than there is, as of a file that was cut off, ends with the file.
  @Test func aListBeyondTheFile() throws {
    var clip = try avi(frame() + frame())
    let list = try place("movi", in: clip) - 8
    clip[list + 6] = 1
    clip[6] = 1
    try folder.write("x", clip)
    #expect(try allFrames("\(folder.path)/x").count == 2)
  }

  /// Headers of streams that are too short or cut off are none.
  @Test func shortHeaders() throws {
    let plain = try ClipFixture.bytes("plain.avi")
    let (header, format) = (try place("strh", in: plain), try place("strf", in: plain))
    for (start, length) in [(header, 27), (format, 19)] {
      var clip = plain
      clip[start + 4] = UInt8(length)
      #expect(try folder.clipError(clip) == "damaged AVI: no video in it")
    }
    for end in [header + 30, format + 12] {
      #expect(try folder.clipError(Array(plain[..<end])) == "damaged AVI: no video in it")
    }
  }

  /// A rate with nothing above or below the line is none.
  @Test func ratesThatAreNone() throws {
    let plain = try ClipFixture.bytes("plain.avi")
    let header = try place("strh", in: plain) + 8
    for start in [header + 20, header + 24] {
      var clip = plain
      clip.replaceSubrange(start..<start + 4, with: [0, 0, 0, 0])
      try folder.write("x", clip)
      #expect(try ClipDecoder().open("\(folder.path)/x").rate == nil)
    }
    for rate in ["F0:1", "F25:0", "F25", "F-1:1", ""] {
      try folder.write("x", Array("YUV4MPEG2 W2 H2 \(rate) Cmono\nFRAME\n1234".utf8))
      #expect(try ClipDecoder().open("\(folder.path)/x").rate == nil)
    }
  }

  /// Words of a Y4M's first line in any order, of those that come twice the last; words behind
  /// FRAME; and the names of 4:2:0.
  @Test func wordsOfY4M() throws {
    func pixels(_ words: String, frame: String = "FRAME") throws -> [UInt8] {
      try folder.write(
        "x", Array("YUV4MPEG2 \(words)\n\(frame)\n".utf8) + [90, 80, 70, 60, 9, 200])
      return try allFrames("\(folder.path)/x")[0].pixels
    }
    let plain = try pixels("W2 H2")
    #expect(plain.count == 12)
    for words in ["H2 W2", "W9 W2 H2", "C420 W2 H2", "W2 H2 C420jpeg", "W2 H2 C420mpeg2"] {
      #expect(try pixels(words) == plain)
    }
    #expect(try pixels("W2 H2 C420paldv XYSCSS=420PALDV", frame: "FRAME Ip") == plain)
    #expect(try pixels("W2 H2 XCOLORRANGE=FULL") != plain)
    #expect(try pixels("W2 H2 XCOLORRANGE=LIMITED") == plain)
    for frame in ["FRAMEI", "FRAM", "frame"] {
      #expect(
        try folder.clipError(Array("YUV4MPEG2 W1 H1 Cmono\n\(frame)\n1".utf8))
          == "damaged Y4M: no frame 0 at byte 22")
    }
    let name = try folder.clipError(Array("YUV4MPEG2W2 H2 Cmono\nFRAME\n1234".utf8))
    #expect(name.contains("expected a folder of frames") && name.hasSuffix("found text"), "\(name)")
  }
}
