import Autodiff
import Foundation
import Testing

@testable import Images

/// Clips in a folder for each class, and in lists.
@Suite struct ClipFolderTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    for (name, fixture) in [
      ("train/jump/a.gif", "whole.gif"), ("train/jump/b.png", "rgb.png"),
      ("train/jump/deep/c.bin", "420.y4m"), ("train/run/d.avi", "plain.avi"),
      ("val/jump/e", "times.gif"),
    ] { try folder.write(name, ClipFixture.bytes(fixture)) }
    for number in 1...3 {
      try folder.write(
        "train/run/frames/\(number).png",
        ClipFixture.bytes("folder/frame\(number == 1 ? 1 : 2).png"))
    }
    for name in ["train/run/notes.txt", "train/run/.hidden.gif", "train/run/Thumbs.db"] {
      try folder.write(name)
    }
  }

  private func relative(_ clips: ImageFolder) -> [String] {
    clips.samples.map { String($0.path.dropFirst(folder.path.count + 1)) }
  }

  @Test func aClipIsAFileOrAFolderOfFrames() throws {
    let clips = try ImageFolder(clips: folder.path, split: "train")
    #expect(clips.classes == ["jump", "run"])
    #expect(
      relative(clips) == [
        "train/jump/a.gif", "train/jump/b.png", "train/jump/deep/c.bin", "train/run/d.avi",
        "train/run/frames",
      ])
    #expect(clips.samples.map(\.label) == [0, 0, 0, 1, 1])
    let prefix = "\(folder.path)/train: "
    #expect(
      clips.warnings == [
        prefix + "1 of 3 files of class run is not read, as it is not clips: .txt 1",
        prefix + "class jump holds clips and a folder of clips, which are all of this class: deep",
      ])
    let val = try ImageFolder(clips: folder.path, split: "val", classes: clips.classes)
    #expect(relative(val) == ["val/jump/e"])
    for sample in clips.samples { #expect(clipError(sample.path) == "no error") }
  }

  @Test func whatIsMissingIsSaid() throws {
    func text(_ split: String) -> String {
      do {
        _ = try ImageFolder(clips: folder.path, split: split)
        return "no error"
      } catch { return "\(error)" }
    }
    try folder.write("other/run/1.png", DecodeFixtures.bytes("rgb8.png"))
    #expect(
      text("other")
        == "\(folder.path)/other: no clips in class run; files that are not read: .png 1; images "
        + "are for models of images, such as vit_tiny_patch16_224; the frames of a clip lie in a "
        + "folder of its own, <class>/<clip>/<frame>")
    try folder.write("flat/a.gif", ClipFixture.bytes("whole.gif"))
    #expect(
      text("flat")
        == "\(folder.path)/flat: clips lie directly in the folder (a.gif): expected a folder for "
        + "each class")
  }

  private func list(_ text: String) throws -> String {
    try folder.write("list.txt", Array(text.utf8))
    do {
      let clips = try ClipList(contentsOf: "\(folder.path)/list.txt").clips()
      return "\(relative(clips)) \(clips.samples.map(\.label)) \(clips.classes) \(clips.warnings)"
    } catch { return "\(error)" }
  }

  @Test func bothFormsOfListsAreRead() throws {
    #expect(
      try list("train/jump/a.gif 2\n\ntrain/run/frames\t0\r\n")
        == "[\"train/jump/a.gif\", \"train/run/frames\"] [2, 0] [\"0\", \"1\", \"2\"] "
        + "[\"\(folder.path)/list.txt: no clip of 1 class: 1\"]")
    #expect(
      try list("train/run/frames 3 1\n").hasPrefix("[\"train/run/frames\"] [1] [\"0\", \"1\"]"))
    let other = try ClipList(contentsOf: "\(folder.path)/list.txt")
    #expect(try other.clips(classes: ["a", "b"]).samples.map(\.label) == [1])
    #expect(throws: DatasetError.self) { try other.clips(classes: ["a"]) }
  }

  @Test func mistakesHaveTheirLine() throws {
    let prefix = "\(folder.path)/list.txt: "
    let form = "expected `path label` or `folder frames label`, and no blanks in a path"
    #expect(try list("\n \n") == prefix + "no clips in it")
    #expect(try list("train/jump/a.gif\n") == prefix + "line 1: " + form)
    #expect(try list("train/jump/a.gif jump\n") == prefix + "line 1: " + form)
    #expect(try list("a b c 1\n") == prefix + "line 1: " + form)
    #expect(
      try list("train/run/frames 1\ntrain/run/frames 3 1\n")
        == prefix + "line 2: 3 fields, the first line has 2")
    #expect(
      try list("train/run/frames 4 1\n")
        == prefix + "line 1: train/run/frames has 3 images, the list says 4")
    #expect(
      try list("train/run/frames 2 1\n")
        == prefix + "line 1: train/run/frames has 3 images, the list says 2")
    #expect(
      try list("train/jump/a.gif -1\n") == prefix + "line 1: the label -1 is not in 0 to 99999")
    #expect(
      try list("gone.gif 1\n")
        == prefix + "line 1: no such file or folder: gone.gif (paths are from \(folder.path) on)")
  }

  /// Paths of a list are from its folder on, or from another one; those from / on stay as they are.
  @Test func pathsOfLists() throws {
    let whole = "\(folder.path)/train/run/d.avi"
    try folder.write("lists/list.txt", Array("jump/a.gif 0\n\(whole) 1\n".utf8))
    let list = "\(folder.path)/lists/list.txt"
    let clips = try ClipList(contentsOf: list, root: "\(folder.path)/train").clips()
    #expect(relative(clips) == ["train/jump/a.gif", "train/run/d.avi"])
    #expect(clips.root == "\(folder.path)/train" && clips.split == "list.txt")
    #expect(throws: DatasetError.self) { try ClipList(contentsOf: list) }
    try folder.write("lists/list.txt", Array("\(whole.dropFirst()) 1\n".utf8))
    #expect(try ClipList(contentsOf: list, root: "/").clips().samples.map(\.path) == [whole])
  }

  @Test func labelsOfLists() throws {
    let prefix = "\(folder.path)/list.txt: "
    let clip = "train/jump/a.gif"
    #expect(try list("\(clip) 99999\n").hasPrefix("[\"\(clip)\"] [99999] "))
    #expect(
      try list("\(clip) 100000\n") == prefix + "line 1: the label 100000 is not in 0 to 99999")
    try folder.write("list.txt", Array("\n\(clip) 0\n\(clip) 2\n".utf8))
    let clips = try ClipList(contentsOf: "\(folder.path)/list.txt")
    #expect(
      try clips.clips(classes: ["a", "b", "c"]).warnings == [prefix + "no clip of 1 class: b"])
    let error = #expect(throws: DatasetError.self) { try clips.clips(classes: ["a", "b"]) }
    #expect(
      error?.description
        == prefix + "line 3: the label 2 is not in the training classes, which are 0 to 1")
    try folder.write("list.txt", Array("\(clip) 0\n".utf8) + [0xFF, 0x20, 0x31])
    #expect(
      throws: DatasetError(
        path: "\(folder.path)/list.txt", reason: "not UTF-8, as a list of clips is")
    ) { try ClipList(contentsOf: "\(folder.path)/list.txt") }
    #expect(
      try list("train/run/frames 3 1\n\(clip) 0\n")
        == prefix + "line 2: 2 fields, the first line has 3")
  }

  /// A file is a clip by its ending, or by how it begins; a frame is an image that is no clip.
  @Test func whatIsTakenForAClip() throws {
    let matroska: [UInt8] = [0x1A, 0x45, 0xDF, 0xA3, 0x80]
    let mp4 = [0, 0, 0, 20] + Array("ftypisom".utf8) + [0, 0, 2, 0]
    let image = try DecodeFixtures.bytes("rgb8.png")
    for (name, bytes, isClip) in [
      ("a.mp4", [1], true), ("a.MOV", [1], true), ("a.mkv", [1], true), ("a.gif", [1], true),
      ("a", matroska, true), ("a.bin", mp4, true), ("a", try ClipFixture.bytes("plain.avi"), true),
      ("a.png", try ClipFixture.bytes("rgb.png"), true), ("a.png", image, false),
      ("a.jpg", try ClipFixture.bytes("whole.gif"), false), ("a", image, false), ("a", [], false),
      ("a.dat", [0, 1, 2, 3, 4, 5, 6, 7], false), ("a.txt", Array("text".utf8), false),
    ] as [(String, [UInt8], Bool)] {
      try folder.write(name, bytes)
      #expect(ClipNames.isClip(name, in: folder.path) == isClip, "\(name) \(bytes.prefix(4))")
    }
    try folder.write("one/1.png", ClipFixture.bytes("rgb.png"))
    func areFrames() throws -> Bool {
      let path = "\(folder.path)/one"
      return ClipNames.areFrames(try DirectoryListing(path: path), in: path)
    }
    #expect(try !areFrames())
    try folder.write("one/2.png", image)
    #expect(try areFrames())
  }

  @Test func verifyingReadsEveryFrame() throws {
    try folder.write("train/run/late.gif", Array(ClipFixture.bytes("whole.gif").dropLast(40)))
    var changed = try ClipFixture.bytes("whole.gif")
    let last = try #require(changed.lastIndex(of: UInt8(ascii: ",")))
    changed[last + 10] = 99  // bits of a pixel of the last frame
    try folder.write("val/jump/late.gif", changed)
    let verifier = FolderVerifier(clips: ClipDecoder(), pool: WorkerPool(threads: 2))
    let report = try verifier(folder.path)
    #expect(report.images == 6 && report.frames == [2, 3])
    #expect(
      report.bad.map(\.reason) == [
        "damaged GIF: ends within the data of frame 2",
        "damaged GIF: frame 2 has pixels of 99 bits",
      ])
    #expect(
      report.formats == ["GIF": 2, "APNG": 1, "Y4M": 1, "AVI": 1, "frames": 1])
    #expect(report.rates == ["10.0": 1, "3.0": 1, "29.97": 1, "12.0": 1, "4.0": 1, "none": 1])
    #expect(report.classes == ["train": ["jump": 3, "run": 2], "val": ["jump": 1]])
    #expect(report.modes.isEmpty && report.others == [".txt": 1])
    for (name, frames) in [("a", 2), ("b", 4), ("c", 3)] {
      let rows = (0..<frames).map { _ in RawGIF.row([1]) }
      try folder.write("more/x/\(name).gif", RawGIF.encode(width: 2, height: 1, rows))
    }
    #expect(try verifier("\(folder.path)/more").frames == [2, 4])
    try folder.write("list.txt", Array("train/jump/a.gif 0\nval/jump/late.gif 1\n".utf8))
    let listed = try verifier([ClipList(contentsOf: "\(folder.path)/list.txt")])
    #expect(listed.images == 1 && listed.bad.count == 1 && listed.classes == ["": ["0": 1]])
  }
}
