import Foundation
import Testing

@testable import Images

/// What is wrong with a clip is one line; nothing that bytes can say ends the process.
@Suite struct ClipDamageTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func changed(
    _ name: String, at place: Int, to bytes: [UInt8]
  ) throws -> [UInt8] {
    var clip = try ClipFixture.bytes(name)
    clip.replaceSubrange(place..<place + bytes.count, with: bytes)
    return clip
  }

  @Test func gif() throws {
    // Header 13, palette 48, then the control (8) and the frame (10 and codes).
    #expect(
      try folder.clipError(changed("whole.gif", at: 6, to: [0, 0]))
        == "damaged GIF: frame 0, 12 × 10 pixels at (0, 0), is empty or not within 0 × 10")
    #expect(
      try folder.clipError(changed("whole.gif", at: 70, to: [3]))
        == "damaged GIF: frame 0, 12 × 10 pixels at (3, 0), is empty or not within 12 × 10")
    #expect(
      try folder.clipError(changed("whole.gif", at: 79, to: [9]))
        == "damaged GIF: frame 0 has pixels of 9 bits")
    #expect(
      try folder.clipError(changed("whole.gif", at: 81, to: [0xFF, 0xFF]))
        == "damaged GIF: frame 0 has a code of nothing")
    #expect(
      try folder.clipError(changed("whole.gif", at: 81, to: [0x30, 0x64]))
        == "damaged GIF: frame 0 has a code of nothing")
    #expect(
      try folder.clipError(changed("whole.gif", at: 81, to: [0x30, 0x02]))
        == "damaged GIF: frame 0 ends after 0 of 120 pixels")
    #expect(
      try folder.clipError(changed("whole.gif", at: 61, to: [7]))
        == "damaged GIF: no block begins at byte 61")
    #expect(
      try folder.clipError(Array("GIF89a\u{1}\0\u{1}\0\0\0\0;".utf8))
        == "damaged GIF: no frames in it")
    #expect(
      try folder.clipError(Array("GIF89a\u{1}".utf8)) == "damaged GIF: ends within its header")
    let few = try changed("two-colours.gif", at: 10, to: [0])  // 6 bytes are left of the palette
    #expect(try folder.clipError(few).hasPrefix("damaged GIF: no block begins at byte 13"))
  }

  @Test func gifColoursThatAreNotThere() throws {
    var clip = try ClipFixture.bytes("whole.gif")
    clip[10] = 0x80 | 2  // 8 colours instead of 16
    clip.removeSubrange(37..<61)
    let text = try folder.clipError(clip)
    #expect(text == "damaged GIF: frame 0 uses colour 15 of a palette of 8 (they count from 0)")
  }

  @Test func apng() throws {
    let bytes = try ClipFixture.bytes("rgb.png")
    // Signature 8, IHDR 25, acTL 20, fcTL 38.
    #expect(
      try folder.clipError(changed("rgb.png", at: 45, to: [9])) == "damaged APNG: acTL: CRC error")
    var clip = bytes
    RawPNG.replace(&clip, chunkAt: 33, data: [0, 0, 0, 4, 0, 0, 0, 0])
    #expect(try folder.clipError(clip) == "damaged APNG: 4 frames are announced, found 3")
    let second = try #require(RawPNG.offsets(of: "fcTL", in: bytes).dropFirst().first)
    var control = Array(bytes[second + 8..<second + 34])
    control[15] = 9  // columns from the left
    clip = bytes
    RawPNG.replace(&clip, chunkAt: second, data: control)
    #expect(
      try folder.clipError(clip)
        == "damaged APNG: frame 1, 5 × 6 pixels at (9, 3), is empty or not within 12 × 10")
    control = Array(bytes[second + 8..<second + 34])
    control[24] = 3
    clip = bytes
    RawPNG.replace(&clip, chunkAt: second, data: control)
    #expect(
      try folder.clipError(clip)
        == "damaged APNG: frame 1 has an unknown way to be disposed of or blended")
    control = Array(bytes[second + 8..<second + 34])
    control[3] = 7
    clip = bytes
    RawPNG.replace(&clip, chunkAt: second, data: control)
    #expect(try folder.clipError(clip) == "damaged APNG: chunk 7 comes in place of 1")
    let data = try #require(RawPNG.offsets(of: "fdAT", in: bytes).first)
    clip = bytes
    RawPNG.replace(&clip, chunkAt: data, data: [0, 0, 0, 2, 1, 2, 3])
    #expect(try folder.clipError(clip).hasPrefix("frame 1: damaged PNG: "))
    #expect(
      try folder.clipError(Array(bytes.dropLast(12)))
        == "damaged APNG: ends within the chunk at byte \(bytes.count - 12)")
    #expect(
      try folder.clipError(DecodeFixtures.bytes("rgb8.png"))
        == "a PNG of one image, not a clip: the frames of a clip need a folder")
  }

  @Test func y4m() throws {
    func text(_ clip: String) throws -> String { try folder.clipError(Array(clip.utf8)) }
    #expect(
      try text("YUV4MPEG2 W4 H2\nFRAME\n123")
        == "damaged Y4M: ends after 3 of 12 bytes of frame 0")
    #expect(
      try text("YUV4MPEG2 W4 H2 C444\nFRAME\n123456781234567812345678FRAME")
        == "damaged Y4M: no frame 1 at byte 51")
    #expect(try text("YUV4MPEG2 W4 H2\n") == "damaged Y4M: no frames in it")
    #expect(try text("YUV4MPEG2 W4 H2") == "damaged Y4M: no end of its first line")
    #expect(
      try text("YUV4MPEG2 W4 F25:1\n")
        == "damaged Y4M: its first line has no width (W) or height (H)")
    #expect(
      try text("YUV4MPEG2 W4 H99999999999999999999\n")
        == "damaged Y4M: its first line has no width (W) or height (H)")
    #expect(
      try text("YUV4MPEG2 W60000 H60000\nFRAME\n")
        == "Y4M: 60000 × 60000 pixels is over the limit of 89478485 pixels")
    #expect(try text("YUV4MPEG2 W0 H2\nFRAME\n") == "Y4M: 0 × 2 pixels is empty")
  }

  @Test func avi() throws {
    let bytes = try ClipFixture.bytes("plain.avi")
    func place(_ text: String, after start: Int = 0) throws -> Int {
      let found = bytes[start...].indices.first { bytes[$0...].starts(with: Array(text.utf8)) }
      return try #require(found)
    }
    let movi = try place("movi")
    let first = movi + 4
    #expect(
      try folder.clipError(changed("plain.avi", at: first + 7, to: [1]))
        == "damaged AVI: ends within frame 0")
    #expect(
      try folder.clipError(changed("plain.avi", at: first + 8, to: [0x89, 0x50]))
        .hasPrefix("frame 0: expected JPEG, found data beginning 89 50"))
    let length = Int(bytes[first + 4]) | Int(bytes[first + 5]) << 8
    #expect(
      try folder.clipError(changed("plain.avi", at: first + 8 + length - 60, to: [0xFF, 0xD9]))
        .hasPrefix("frame 0: damaged JPEG: "))
    let format = try place("strf")
    #expect(
      try folder.clipError(changed("plain.avi", at: format + 12, to: [25]))
        == "frame 0: 24 × 18 pixels, expected 25 × 18")
    #expect(
      try folder.clipError(changed("plain.avi", at: format + 14, to: [1]))
        == "AVI: 65560 × 18 pixels has a side over the limit of 65500")
    #expect(
      try folder.clipError(changed("plain.avi", at: format, to: Array("none".utf8)))
        == "damaged AVI: no video in it")
    #expect(
      try folder.clipError(changed("plain.avi", at: movi, to: Array("none".utf8)))
        == "damaged AVI: no frames in it")
    let repeated = try ClipFixture.bytes("repeated.avi")
    let frames = repeated.indices.filter { repeated[$0...].starts(with: Array("00dc".utf8)) }
    var clip = repeated
    clip.removeSubrange(frames[0]..<frames[1])
    #expect(try folder.clipError(clip) == "damaged AVI: its first frame is empty")
  }

  @Test func folders() throws {
    try folder.makeFolder("empty")
    #expect(
      clipError("\(folder.path)/empty")
        == "\(folder.path)/empty: a folder without \(ImageFormat.readNames) images")
    try folder.write("clip/1.png", DecodeFixtures.bytes("rgb8.png"))
    try folder.write("clip/2.jpg", DecodeFixtures.bytes("tall.jpg"))
    let tall = try ImageDecoder().decode(DecodeFixtures.bytes("tall.jpg"), name: "")
    let first = try ImageDecoder().decode(DecodeFixtures.bytes("rgb8.png"), name: "")
    #expect(
      clipError("\(folder.path)/clip")
        == "\(folder.path)/clip/2.jpg: \(tall.width) × \(tall.height) pixels, "
        + "expected \(first.width) × \(first.height)")
    try folder.write("clip/2.jpg", Array("<html>".utf8))
    #expect(
      clipError("\(folder.path)/clip")
        == "\(folder.path)/clip/2.jpg: expected \(ImageFormat.readNames), found an HTML or XML page"
    )
    #expect(
      clipError("\(folder.path)/gone") == "\(folder.path)/gone: cannot open: No such file or "
        + "directory")
  }

  @Test func whatIsNoClipIsNamed() throws {
    let expected = "expected a folder of frames, GIF, APNG, Y4M, AVI or a video, found "
    #expect(try folder.clipError([]) == expected + "an empty file")
    #expect(try folder.clipError(Array("#EXTM3U\nhttp://x/y\n".utf8)) == expected + "text")
    #expect(
      try folder.clipError(DecodeFixtures.bytes("rgb.jpg"))
        == expected + "a JPEG of one image (the frames of a clip need a folder)")
    #expect(
      try folder.clipError(DecodeFixtures.bytes("animated.webp"))
        == expected + "WebP, of which only single images are read")
    #expect(
      try folder.clipError(Array("RIFF\u{10}\0\0\0WAVEfmt ".utf8)) == expected + "a RIFF file")
  }

  /// Where there is no ffmpeg, an error says what needs it and how to get it.
  @Test func aProgramThatIsMissingIsNamed() throws {
    let decoder = ClipDecoder(programPath: folder.path)
    let advice =
      "read by the programs ffmpeg and ffprobe, which are not installed (apt-get install "
      + "ffmpeg)"
    for (name, kind) in [
      ("mpeg4.mp4", "video"), ("vp8.webm", "video"), ("mpeg4.avi", "AVI of coding FMP4"),
      ("deep.y4m", "Y4M of colour space 420p10"),
    ] {
      let path = ClipFixture.path(name)
      #expect(clipError(path, decoder) == "\(path): \(kind): \(advice)")
    }
    #expect(clipError(ClipFixture.path("whole.gif"), decoder) == "no error")
  }

  @Test(.enabled(if: ClipFixture.hasPrograms)) func videos() throws {
    #expect(
      try folder.clipError([0, 1, 2, 0xFE] + Array(repeating: 9, count: 99))
        == "video: damaged: Invalid data found when processing input")
    let bytes = try ClipFixture.bytes("mpeg4.mp4")
    let half = try folder.clipError(Array(bytes[..<(bytes.count / 2)]))
    #expect(half.hasPrefix("video: ") && !half.contains("@ ") && !half.contains("file:"))
    var changed = bytes
    for place in 100..<160 { changed[place] = 0xAA }
    #expect(try folder.clipError(changed).hasPrefix("video: damaged: "))
    let path = ClipFixture.path("mpeg4.mp4")
    #expect(
      clipError(path, ClipDecoder(maxFrames: 3))
        == "\(path): more frames than the limit of 3")
    #expect(
      clipError(path, ClipDecoder(maxSeconds: 0.1))
        == "\(path): 0.4 seconds is over the limit of 0.1")
    #expect(
      clipError(path, ClipDecoder(images: ImageDecoder(maxPixels: 100)))
        == "\(path): video: 32 × 24 pixels is over the limit of 100 pixels")
  }

  /// What a program complains of has neither addresses, which differ from run to run, nor the path.
  @Test func complaintsArePlain() throws {
    let path = ClipFixture.path("mpeg4.mp4")
    for (complaint, reason) in [
      ("[mov,mp4,m4a @ 0x564888402e80] moov atom not found", "moov atom not found"),
      ("[in#0 @ 0x5] [mov @ 0x1f] no [a @ b] atom", "no [a @ b] atom"),
      ("file:\(path): Invalid data", "Invalid data"), ("file:other: bad", "file:other: bad"),
    ] {
      for (program, status) in [("ffmpeg", 1), ("ffprobe", 1), ("ffprobe", 0)] {
        let script = "#!/bin/sh\necho '\(complaint)' >&2\nexit \(status)\n"
        let probe =
          "#!/bin/sh\nprintf 'width=4\\nheight=4\\nnb_read_frames=2\\n'\n"
        try folder.writeProgram("ffprobe", program == "ffprobe" ? script : probe)
        try folder.writeProgram("ffmpeg", script)
        #expect(
          clipError(path, ClipDecoder(programPath: folder.path))
            == "\(path): video: damaged: \(reason)", "\(program) \(status)")
      }
    }
  }

  /// A program that hangs is waited for so long and no longer, and killed.
  @Test func aProgramThatHangsIsEnded() throws {
    for name in ["ffmpeg", "ffprobe"] { try folder.writeProgram(name, "#!/bin/sh\nsleep 60\n") }
    let decoder = ClipDecoder(programSeconds: 0.2, programPath: folder.path)
    let path = ClipFixture.path("mpeg4.mp4")
    let start = ContinuousClock.now
    #expect(clipError(path, decoder) == "\(path): video: ffprobe took more than 0.2 seconds")
    #expect(ContinuousClock.now - start < .seconds(20))
  }
}
