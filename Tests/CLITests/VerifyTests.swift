import Foundation
import Testing

/// `convit verify`: what it prints, and its exit code.
@Suite struct VerifyTests {
  private let workspace: Workspace

  init() throws { workspace = try Workspace() }

  @Test func soundImages() throws {
    let outcome = try workspace.convit(["verify", "data"])
    #expect(outcome.status == 0 && outcome.err.isEmpty)
    #expect(outcome.outLines.first == "33 images are sound, 0 are bad")
    #expect(outcome.outLines.contains("train         3, with 8 (ant) to 8 (cow) images each"))
    #expect(outcome.outLines.contains("formats       PNG (33)"))
    #expect(!outcome.out.contains("\r"))
    #expect(try workspace.convit(["verify", "data"], output: .closedPipe).status == 0)
  }

  @Test func badImagesAreListedInOneLineEach() throws {
    let image = try workspace.read("data/train/bee/1.png")
    try workspace.write("data/train/bee/new\nline.png", image.prefix(60))
    try workspace.write("data/val/cow/0.png", "<html>".utf8)
    let outcome = try workspace.convit(["verify", "data", "--threads", "1"])
    #expect(outcome.status == 1 && outcome.err.isEmpty)
    #expect(
      outcome.outLines.prefix(3) == [
        "data/train/bee/new\\nline.png: damaged PNG: ends after 60 bytes, before the image does",
        "data/val/cow/0.png: expected PNG, JPEG or WebP, found an HTML or XML page",
        "32 images are sound, 2 are bad",
      ])
    let json = try workspace.convit(["verify", "data", "--json"])
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(json.out.utf8)) as? [String: Any])
    #expect(json.status == 1 && json.outLines.count == 1)
    #expect(object["images"] as? Int == 32 && (object["bad"] as? [Any])?.count == 2)
    let small = try workspace.convit(["verify", "data", "--max-pixels", "100"])
    #expect(small.status == 1 && small.out.contains("\n0 images are sound, 34 are bad\n"))
  }

  @Test func clips() throws {
    // A GIF of one pixel and two frames, each a second long.
    let frame: [UInt8] =
      [0x21, 0xF9, 4, 0, 100, 0, 0, 0]
      + [0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0]
    let clip = Array("GIF89a".utf8) + [1, 0, 1, 0, 0x80, 0, 0, 1, 2, 3, 4, 5, 6] + frame + frame
    for name in ["a", "b"] { try workspace.write("clips/train/jump/\(name).gif", clip + [0x3B]) }
    try workspace.write("clips/train/run/c.gif", clip + [0x3B])
    let sound = try workspace.convit(["verify", "clips", "--clips"])
    #expect(sound.status == 0 && sound.err.isEmpty)
    #expect(
      sound.outLines == [
        "3 clips are sound, 0 are bad", "formats       GIF (3)",
        "sizes         1 × 1 to 1 × 1, most often 1 × 1 (3)", "frames        2 to 2",
        "frames/second 1.0 (3)", "train         2, with 1 (run) to 2 (jump) clips each",
      ])
    try workspace.write("clips/train/run/new\nline.gif", clip.dropLast(3))
    try workspace.write("list.txt", "clips/train/jump/a.gif 0\nclips/train/run/gone.gif 1\n".utf8)
    let bad = try workspace.convit(["verify", "clips", "--clips"])
    #expect(bad.status == 1)
    #expect(
      bad.outLines.prefix(2) == [
        "clips/train/run/new\\nline.gif: damaged GIF: ends within the data of frame 1",
        "3 clips are sound, 1 is bad",
      ])
    let listed = try workspace.convit(["verify", "list.txt", "--clips"])
    #expect(
      listed.outLines.prefix(2) == [
        "./clips/train/run/gone.gif: cannot open: No such file or directory",
        "1 clip is sound, 1 is bad",
      ])
    let few = try workspace.convit(["verify", "clips", "--clips", "--max-frames", "1", "--json"])
    #expect(few.status == 1 && few.out.contains("more frames than the limit of 1"))
    let short = try workspace.convit(["verify", "clips", "--clips", "--max-seconds", "1.5"])
    #expect(short.out.contains("2.0 seconds is over the limit of 1.5"))
    try workspace.expectFailure(
      ["verify", "data", "--max-frames", "3"], status: 2,
      ["--max-frames and --max-seconds are limits of clips: add --clips"])
    try workspace.write("none/notes.txt", "".utf8)
    try workspace.expectFailure(
      ["verify", "none", "--clips"], ["none: no clips in it; other files: .txt 1"])
  }

  @Test func usage() throws {
    try workspace.expectFailure(["verify"], status: 2, ["'<folder>'", "convit verify --help"])
    try workspace.expectFailure(
      ["verify", "data", "--threads", "0"], status: 2, ["threads must be 1 to 1024, found 0"])
    try workspace.expectFailure(["verify", "missing"], ["missing: no such folder"])
  }
}
