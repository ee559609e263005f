import Autodiff
import Foundation
import Testing

@testable import Images

/// What is a clip, and what only lies beside one.
@Suite struct ClipPlaceTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A folder with a clip, a damaged one and a still image.
  private func writeClips(_ name: String) throws {
    let clip = try ClipFixture.bytes("whole.gif")
    try folder.write("\(name)/a.gif", clip)
    try folder.write("\(name)/bad.gif", Array(clip.dropLast(40)))
    try folder.write("\(name)/poster.png", DecodeFixtures.bytes("rgb8.png"))
  }

  private func report(_ name: String, splits: [String] = []) throws -> FolderReport {
    try FolderVerifier(clips: ClipDecoder(), pool: WorkerPool(threads: 1))(
      "\(folder.path)/\(name)", splits: splits)
  }

  /// The folder of a class is no clip, whatever lies in it, be its split known by name or told.
  @Test func aClassIsNoClip() throws {
    try writeClips("known/train/jump")
    try writeClips("told/deep/odd/jump")
    try writeClips("classes/jump")
    for (name, splits, split) in [
      ("known", [], "train"), ("told", ["deep/odd"], "deep/odd"), ("classes", [], ""),
    ] as [(String, [String], String)] {
      let report = try report(name, splits: splits)
      #expect(report.images == 1 && report.bad.count == 1, "\(name)")
      #expect(report.classes == [split: ["jump": 1]] && report.others == [".png": 1], "\(name)")
    }
    // In a class, a folder of images is one.
    for frame in 1...2 {
      try folder.write(
        "told/deep/odd/run/walk/\(frame).png", ClipFixture.bytes("folder/frame2.png"))
    }
    #expect(try report("told", splits: ["deep/odd"]).formats == ["GIF": 1, "frames": 1])
  }

  /// Images in folders of classes are for models of images, as training says.
  @Test func imagesAreNoClips() throws {
    try folder.write("data/ant/1.png", DecodeFixtures.bytes("rgb8.png"))
    let error = #expect(throws: DatasetError.self) { try report("data") }
    #expect(
      error?.reason.hasPrefix("no clips in it; other files: .png 1; images are for models") == true)
    let missing = #expect(throws: DatasetError.self) { try report("gone") }
    #expect(missing?.reason == "no such file or folder")
    let file = #expect(throws: DatasetError.self) { try report("data/ant/1.png") }
    #expect(
      file?.reason
        == "expected a folder of clips, or a list of them in a file that ends in .csv or .txt")
  }

  /// A folder that is asked for as a clip has frames alone: no clip in it is left out.
  @Test func framesAreNoClips() throws {
    try writeClips("clips")
    let path = "\(folder.path)/clips"
    let advice = ", and a folder is one clip of frames: those in it are clips as \(path)/*"
    #expect(clipError(path) == "\(path): holds the clip a.gif" + advice)
    try FileManager.default.removeItem(atPath: "\(path)/a.gif")
    try FileManager.default.removeItem(atPath: "\(path)/bad.gif")
    #expect(clipError(path) == "no error")
    try folder.write("clips/film", ClipFixture.bytes("420.y4m"))
    #expect(clipError(path) == "\(path): holds the clip film" + advice)
    try FileManager.default.removeItem(atPath: "\(path)/film")
    try folder.write("clips/second.png", ClipFixture.bytes("rgb.png"))
    #expect(clipError(path) == "\(path): holds the clip second.png" + advice)
    #expect(
      clipError(folder.path)
        == "\(folder.path): a folder without \(ImageFormat.readNames) images; a folder is one clip "
        + "of frames, and those in it are clips as \(folder.path)/*")
  }

  /// A PNG may have much before it says that it is animated, as a profile of colours.
  @Test func whatComesBeforeAnAnimation() throws {
    func isClip(_ fixture: [UInt8], after chunks: [UInt8]) throws -> Bool {
      try folder.write("a.png", Array(fixture[..<33]) + chunks + fixture[33...])
      return ClipNames.isClip("a.png", in: folder.path)
    }
    let profile = RawPNG.chunk("iCCP", Array(repeating: 7, count: 6000))
    let (clip, image) = (try ClipFixture.bytes("rgb.png"), try DecodeFixtures.bytes("rgb8.png"))
    #expect(try isClip(clip, after: []) && isClip(clip, after: profile))
    #expect(try !isClip(image, after: profile))
    // What comes behind the pixels does not say so.
    let late = RawPNG.chunk("acTL", [0, 0, 0, 1, 0, 0, 0, 0]) + image.suffix(12)
    #expect(try !isClip(image.dropLast(12) + late, after: []))
    // Not without end.
    let empty = RawPNG.chunk("teXt", [])
    #expect(try isClip(clip, after: (0..<4095).flatMap { _ in empty }))  // and IHDR
    #expect(try !isClip(clip, after: (0..<4096).flatMap { _ in empty }))
  }

  /// Names of one form that end in numbers, one after the other, in folders of classes' folders.
  @Test func imagesNumberedAsFrames() throws {
    func note(_ names: [String]) throws -> String? {
      try folder.makeFolder("images")
      try FileManager.default.removeItem(atPath: "\(folder.path)/images")
      for name in names { try folder.write("images/\(name)") }
      let parts = try ImageFolder(root: folder.path, split: "images")
        .divided(validation: 0.5, seed: 0)
      return parts.training.noteOnFrames(beside: parts.validation)
    }
    let frames = ["a/x", "a/y"].flatMap { clip in (8...11).map { "\(clip)/f\($0).jpg" } }
    #expect(
      try note(frames)?.hasPrefix(
        "\(folder.path)/images: 8 of 8 images are numbered in 2 folders, as the frames of clips "
          + "are (\(folder.path)/images/a/x): ") == true)
    let others = (0..<9).map { "b/\($0)x.png" }
    #expect(try note(frames + others.dropLast()) != nil)
    #expect(try note(frames + others) == nil)  // less than half
    for numbers in [["8", "9", "10"], ["8", "9", "11", "12"], ["8", "08", "10", "11"]] {
      let names = ["a/x", "a/y"].flatMap { clip in numbers.map { "\(clip)/\($0).jpg" } }
      #expect(try note(names) == nil, "\(numbers)")  // few, a gap, one that is there twice
    }
    #expect(try note(frames.filter { $0 != "a/x/f9.jpg" }) == nil)  // one folder that is left
    #expect(try note(frames.map { $0.replacing("y/f8", with: "y/g8") }) == nil)  // two forms
    #expect(
      try note(frames.map { $0.replacing("/x/", with: "/x").replacing("/y/", with: "/y") }) == nil)
    #expect(try note(frames.filter { $0.hasPrefix("a/x") }) == nil)  // one folder
  }
}
