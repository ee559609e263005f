import Foundation
import Testing

@testable import Images

@Suite struct FolderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func names(_ images: ImageFolder) -> [String] {
    images.samples.map { String($0.path.dropFirst(folder.path.count + images.split.count + 2)) }
  }

  private func reason(_ split: String = "train", classes: [String]? = nil) -> String {
    do {
      _ = try ImageFolder(root: folder.path, split: split, classes: classes)
      return "no error"
    } catch {
      let text = "\(error)"
      #expect(text.hasPrefix(folder.path) && !text.contains("\n") && error is DatasetError)
      return text
    }
  }

  @Test func classesAndSamplesAreSortedByBytes() throws {
    for name in [
      "b/2.png", "b/10.png", "b/1.jpg", "B/x.JPEG", "10/a.Jpg", "2/a.png", "é/a.png", "z/a.png",
      "e\u{301}x/a.png", "b/sub/deep/3.png", "b/sub-a/4.PNG", "b/a.b.png",
    ] {
      try folder.write("train/\(name)")
    }
    let images = try ImageFolder(root: folder.path, split: "train")
    #expect(
      images.classes.map { Array($0.utf8) }
        == [
          "10", "2", "B", "b", "e\u{301}x", "z", "é",
        ].map { Array($0.utf8) })
    #expect(
      names(images) == [
        "10/a.Jpg", "2/a.png", "B/x.JPEG", "b/1.jpg", "b/10.png", "b/2.png", "b/a.b.png",
        "b/sub-a/4.PNG", "b/sub/deep/3.png", "e\u{301}x/a.png", "z/a.png", "é/a.png",
      ])
    #expect(images.samples.map(\.index) == Array(0..<12))
    #expect(images.samples.map(\.label) == [0, 1, 2, 3, 3, 3, 3, 3, 3, 4, 5, 6])
    #expect(images.warnings.count == 2)
    #expect(images.warnings.last?.hasSuffix("Unicode form: B, b") == true)
    #expect(
      images.warnings.first?.hasSuffix(
        "class b holds images and folders of images, which are all of this class: sub, sub-a")
        == true)
  }

  @Test func hiddenAndOtherFilesAreLeftOut() throws {
    for name in [
      "a/1.png", "a/.2.png", "a/.DS_Store", "a/notes.txt", "a/png", "a/x.png.txt", "a/.h/3.png",
      ".ipynb_checkpoints/4.png", "a/x.bmp",
    ] {
      try folder.write("train/\(name)")
    }
    let images = try ImageFolder(root: folder.path, split: "train")
    #expect(images.classes == ["a"] && names(images) == ["a/1.png"])
    #expect(
      images.warnings == [
        "\(folder.path)/train: 4 of 5 files of class a are not read, as they are not "
          + "\(ImageFormat.readNames): .txt 2, without an ending 1, .bmp 1"
      ])
  }

  @Test func linksAreFollowedAndLoopsEnd() throws {
    try folder.write("train/a/1.png")
    try folder.write("train/b/2.png")
    try folder.write("elsewhere/3.png")
    try folder.link("train/a/self", to: ".")
    try folder.link("train/a/3-up", to: "../..")
    try folder.link("train/a/split", to: "..")
    try folder.link("train/a/other", to: "../../elsewhere")
    try folder.link("elsewhere/back", to: "../train/a")
    try folder.link("train/b/loop.d", to: "loop.d")
    try folder.link("train/b/gone.png", to: "nowhere.png")
    let images = try ImageFolder(root: folder.path, split: "train")
    // A broken link is a sample, so that reading it is an error and not silence.
    #expect(names(images) == ["a/1.png", "a/other/3.png", "b/2.png", "b/gone.png"])
  }

  @Test func validationIsMappedByTheTrainingClasses() throws {
    for name in ["train/a/1.png", "train/b/1.png", "train/c/1.png", "val/c/1.png", "val/a/1.png"] {
      try folder.write(name)
    }
    let train = try ImageFolder(root: folder.path, split: "train")
    let val = try ImageFolder(root: folder.path, split: "val", classes: train.classes)
    #expect(val.classes == ["a", "b", "c"] && val.samples.map(\.label) == [0, 2])
    #expect(val.warnings.count == 1 && val.warnings[0].hasSuffix("no folder for 1 class: b"))
    // Labels follow the order that the training classes were given in.
    let turned = try ImageFolder(root: folder.path, split: "val", classes: ["c", "b", "a"])
    #expect(names(turned) == ["c/1.png", "a/1.png"] && turned.samples.map(\.label) == [0, 2])
    try folder.write("val/d/1.png")
    #expect(reason("val", classes: train.classes).hasSuffix("not in the training classes: d"))
  }

  @Test func anEmptyClassIsAnErrorUnlessAllowed() throws {
    try folder.write("train/a/1.png")
    try folder.write("train/b/notes.txt")
    #expect(reason().hasSuffix("images in class b; files that are not read: .txt 1"))
    let images = try ImageFolder(root: folder.path, split: "train", allowEmpty: true)
    #expect(images.classes == ["a", "b"] && images.samples.count == 1)
  }

  @Test func whatIsMissingIsSaid() throws {
    #expect(throws: DatasetError(path: "/nonexistent", reason: "no such folder")) {
      try ImageFolder(root: "/nonexistent", split: "train")
    }
    #expect(reason().hasSuffix("no folder train, and no other: expected train/<class>/<image>"))
    try folder.write("cat/1.png")
    #expect(reason().hasSuffix("no folder train beside cat: expected train/<class>/<image>"))
    try folder.write("1.png")
    #expect(reason().contains("images directly in the folder (1.png)"))
    try folder.makeFolder("train")
    #expect(reason().hasSuffix("no classes: expected a folder for each class"))
    try folder.write("train/2.jpg")
    #expect(reason().contains("images lie directly in the folder (2.jpg)"))
    try folder.makeFolder("train/a")
    #expect(throws: DatasetError.self) {
      try ImageFolder(root: folder.path, split: "train", allowEmpty: true)
    }
    try folder.write("train/a/3.jpg")
    let images = try ImageFolder(root: folder.path, split: "train")
    #expect(images.warnings.count == 1 && images.warnings[0].hasSuffix("in no class: 2.jpg"))
  }

  @Test func aNameThatIsNotUTF8IsAnError() throws {
    try folder.write("train/a/1.png")
    let bytes = Array("\(folder.path)/train/a/".utf8) + [0xff, 0x2e, 0x70, 0x6e, 0x67, 0]
    let file = bytes.map { CChar(bitPattern: $0) }.withUnsafeBufferPointer { name in
      name.baseAddress.map { open($0, O_CREAT | O_WRONLY, 0o600) } ?? -1
    }
    #expect(file >= 0 && close(file) == 0)
    #expect(reason().contains("is not UTF-8"))
  }
}
