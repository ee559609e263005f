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

  /// A GIF of one pixel and two frames, each a second long, without its end.
  private static let clip: [UInt8] = {
    let frame: [UInt8] =
      [0x21, 0xF9, 4, 0, 100, 0, 0, 0]
      + [0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0]
    return Array("GIF89a".utf8) + [1, 0, 1, 0, 0x80, 0, 0, 1, 2, 3, 4, 5, 6] + frame + frame
  }()

  @Test func clips() throws {
    let clip = Self.clip
    for name in ["a", "b"] { try workspace.write("clips/train/jump/\(name).gif", clip + [0x3B]) }
    try workspace.write("clips/train/run/c.gif", clip + [0x3B])
    let sound = try workspace.convit(["verify", "clips", "--clips"])
    #expect(sound.status == 0 && sound.err.isEmpty)
    #expect(
      sound.outLines.dropLast() == [
        "3 clips are sound, 0 are bad", "formats       GIF (3)",
        "sizes         1 × 1 to 1 × 1, most often 1 × 1 (3)", "frames        2 to 2",
        "frames/second 1.0 (3)", "train         2, with 1 (run) to 2 (jump) clips each",
      ])
    #expect(
      sound.outLines.last?.hasPrefix(
        "convit train would not begin: clips: no folder val beside train: expected "
          + "val/<class>/<clip>; --val-fraction 0.1") == true)
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
    for limit in ["--max-frames", "--max-seconds"] {
      try workspace.expectFailure(
        ["verify", "data", limit, "3"], status: 2,
        ["--max-frames and --max-seconds are limits of clips: add --clips"])
    }
    try workspace.expectFailure(
      ["verify", "clips", "--clips", "--max-seconds", "0"], status: 2,
      ["--max-seconds must be above 0, found 0"])
    try workspace.write("none/notes.txt", "".utf8)
    try workspace.expectFailure(
      ["verify", "none", "--clips"], ["none: no clips in it; other files: .txt 1"])
  }

  /// The clips that are read are those that training reads, and the last lines are on them.
  @Test func clipsAreThoseOfTraining() throws {
    for split in ["train", "val"] {
      for name in ["jump", "run"] {
        try workspace.write("clips/\(split)/\(name)/a.gif", Self.clip)
      }
    }
    try workspace.write("clips/train/jump/bad.gif", Self.clip.dropLast(3))
    try workspace.writeImage("clips/train/jump/poster.png", 0)
    let verify = ["verify", "clips", "--clips"]
    let outcome = try workspace.convit(verify)
    #expect(outcome.status == 1 && outcome.outLines.contains("4 clips are sound, 1 is bad"))
    let last = outcome.outLines.drop { !$0.hasPrefix("convit train") }
    #expect(
      last.prefix(2) == [
        "convit train would train on clips/train (3 clips of 2 classes) and validate on clips/val "
          + "(2 clips)",
        "it would stop at the bad clip; with --on-bad-image skip it leaves out as many as "
          + "--max-bad allows",
      ], "\(outcome.out)")
    let json = try workspace.convit(verify + ["--json"])
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(json.out.utf8)) as? [String: Any])
    #expect((object["train"] as? [String: Any])?["classes"] as? Int == 2)
    #expect(
      try workspace.convit(verify + ["--train-split", "foo"]).outLines.last?.hasPrefix(
        "convit train would not begin: clips: no folder foo, which train-split names") == true)
    try workspace.expectFailure(
      verify + ["--data-set", "CIFAR"], status: 2, ["data-set CIFAR is of images"])
    let rows = ["train/jump/a", "train/jump/bad", "val/run/a"].map {
      "clips/\($0).gif,\($0.split(separator: "/")[1]),\($0.split(separator: "/")[0])"
    }
    try workspace.write("t.csv", (["path,label,split"] + rows).joined(separator: "\n").utf8)
    let table = try workspace.convit(["verify", "t.csv", "--clips"])
    #expect(table.outLines.contains("2 clips are sound, 1 is bad"), "\(table.out)\(table.err)")
    #expect(table.outLines.contains("train         1, jump, with 1 clip"))
    try workspace.write("list.txt", "clips/train/jump/a.gif 0\n".utf8)
    #expect(
      try workspace.convit(["verify", "list.txt", "--clips", "--train-split", "x"]).outLines.last
        == "convit train would not begin: list.txt: it has no splits, one of which train-split "
        + "names")
    try workspace.expectFailure(
      ["verify", "clips/train/run/a.gif", "--clips"], ["a.gif: expected a folder of clips, or a"])
    try workspace.expectFailure(
      ["verify", "v.gif", "--clips"], ["v.gif: no such file or folder"])
  }

  @Test func usage() throws {
    try workspace.expectFailure(["verify"], status: 2, ["'<folder>'", "convit verify --help"])
    try workspace.expectFailure(
      ["verify", "data", "--threads", "0"], status: 2, ["threads must be 1 to 1024, found 0"])
    try workspace.expectFailure(["verify", "missing"], ["missing: no such file or folder"])
  }
}
