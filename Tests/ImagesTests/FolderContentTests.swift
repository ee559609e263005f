import Foundation
import Testing

@testable import Images

/// What in a folder is taken for an image, and what is said about the rest.
@Suite struct FolderContentTests {
  private let folder: TemporaryFolder
  private static let png = Array("\u{89}PNG\r\n\u{1A}\n".unicodeScalars.map { UInt8($0.value) })
  private static let jpeg: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0]

  init() throws { folder = try TemporaryFolder() }

  private func names(_ images: ImageFolder) -> [String] {
    images.samples.map { String($0.path.dropFirst(folder.path.count + images.split.count + 2)) }
  }

  private func notes(_ split: String = "train") throws -> [String] {
    try ImageFolder(root: folder.path, split: split).warnings.map {
      String($0.dropFirst(folder.path.count + 1))
    }
  }

  /// Names that end as those of images do are not looked into.
  @Test(arguments: [
    "a.jfif", "a.JPE", "a.jif", "a.Jpeg", "a.jpg_large", "a.JPG-LARGE", "a.jpeg_small",
    "a.png:orig", ".. a.png",
  ])
  func knownEndings(name: String) throws {
    #expect(ImageNames.isImage(name, in: "/nonexistent"))
  }

  @Test func anyOtherNameIsJudgedByContent() throws {
    for (name, bytes) in [
      ("none", Self.jpeg), ("photo.dat", Self.png), ("photo.webp", Self.jpeg),
      ("photo.jpg?w=200", Self.jpeg), ("photo.jpg.1", Self.png), ("St. Bernard", Self.jpeg),
      ("bitmap.bmp", Array("BM rest".utf8)), ("page.htm", Array("<html>".utf8)), ("empty", []),
      ("movie.gif", Array("GIF89a".utf8)), ("short.x", [0xFF, 0xD8]),
    ] { try folder.write("train/a/\(name)", bytes) }
    try folder.link("train/a/gone", to: "nowhere")
    #expect(mkfifo("\(folder.path)/train/a/pipe", 0o600) == 0)
    let images = try ImageFolder(root: folder.path, split: "train")
    #expect(
      names(images) == [
        "a/St. Bernard", "a/none", "a/photo.dat", "a/photo.jpg.1", "a/photo.jpg?w=200",
        "a/photo.webp",
      ])
    #expect(
      images.warnings.first?.hasSuffix(
        "7 of 13 files of class a are not read, as they are not \(ImageFormat.readNames): "
          + "without an ending 3, .bmp 1, .gif 1, .htm 1, .x 1") == true)
    // What is read is what `verify` reads, too.
    let tree = try ImageTree("\(folder.path)/train/a")
    #expect(tree.images.map { "a/\($0)" } == names(images))
    #expect(tree.others == ["": 3, ".bmp": 1, ".gif": 1, ".htm": 1, ".x": 1])
  }

  @Test func whatIsLeftOutOfManyClassesIsOneNote() throws {
    for index in 0..<8 {
      try folder.write("train/c\(index)/1.png")
      for other in 0..<index { try folder.write("train/c\(index)/\(other).bmp") }
    }
    #expect(
      try notes() == [
        "train: 28 of 36 files are not read, as they are not \(ImageFormat.readNames): .bmp 28; by "
          + "class: c7 7 of 8, c6 6 of 7, c5 5 of 6, c4 4 of 5, c3 3 of 4 and 2 more"
      ])
    try FileManager.default.removeItem(atPath: folder.path + "/train")
    try folder.write("train/a/1.bmp")
    let error = #expect(throws: DatasetError.self) { try notes() }
    #expect(error?.reason.hasSuffix("class a; files that are not read: .bmp 1") == true)
  }

  @Test func whatSystemsLeaveIsPassedOver() throws {
    try folder.write("train/a/1.png")
    for name in [
      "__MACOSX", "@eaDir", "lost+found", "$RECYCLE.BIN", "System Volume Information",
      ".ipynb_checkpoints", "@Recycle", "#recycle", ".Trash-1000", "__macosx",
    ] {
      for place in [name, "train/\(name)", "train/a/\(name)", "train/a/\(name)/b"] {
        try folder.write("\(place)/2.png")
      }
    }
    for name in ["Thumbs.db", "desktop.ini", "._1.png", ".DS_Store", "Icon\r", "sub/THUMBS.DB"] {
      try folder.write("train/a/\(name)")
    }
    let images = try ImageFolder(root: folder.path, split: "train")
    #expect(images.classes == ["a"] && names(images) == ["a/1.png"] && images.warnings.isEmpty)
    #expect(try ImageTree(folder.path).images == ["train/a/1.png"])
    #expect(try ImageTree(folder.path).others.isEmpty)
    #expect(try ImageFolder.folders(in: folder.path) == ["train"])
  }

  @Test func foldersInClassesAreNamed() throws {
    for name in ["a/x/1.png", "a/y/z/1.png", "a/empty/1.txt", "b/x/1.png", "c/1.png"] {
      try folder.write("train/\(name)")
    }
    #expect(
      try notes().last
        == "train: class a holds folders of images, which are all of this class: x, y")
    try folder.write("train/b/w/1.png")
    #expect(
      try notes().last
        == "train: 2 classes hold folders of images, which are all of the class: a (x, y), b (w, x)"
    )
  }

  /// One folder beside images may be of another class, or hold the same in small.
  @Test func aFolderBesideImagesIsNamed() throws {
    for name in ["apple/0.png", "apple/thumbs/0.png", "b/images/1.png", "c/images/raw/1.png"] {
      try folder.write("train/\(name)")
    }
    #expect(
      try notes() == [
        "train: class apple holds images and a folder of images, which are all of this class: "
          + "thumbs"
      ])
    try folder.write("train/c/images/1.png")
    #expect(
      try notes() == [
        "train: 2 classes hold folders of images beside images, which are all of the class: "
          + "apple (thumbs), c (images/raw)"
      ])
    // Each class in images/ and labels without images: all as it should be.
    for name in ["train/apple/thumbs", "train/c/images/1.png"] {
      try FileManager.default.removeItem(atPath: "\(folder.path)/\(name)")
    }
    #expect(try notes().isEmpty)
  }

  @Test func foldersNamedAsTheClassesAreNoClass() throws {
    for name in ["a/1.png", "b/1.png", "val/a/1.png", "val/b/1.png"] {
      try folder.write("train/\(name)")
    }
    let error = #expect(throws: DatasetError.self) { try notes() }
    #expect(
      error?.reason == "val is no class, as it holds folders of the names of classes (a, b): "
        + "--val-split train/val validates on it; else move it elsewhere")
    let images = try ImageFolder(root: folder.path, split: "train", excluding: ["val"])
    #expect(names(images) == ["a/1.png", "b/1.png"])
  }

  @Test func classesThatLookAlikeAreNamed() throws {
    for name in ["Caf\u{E9}", "Cafe\u{301}", "big dog", "big_dog", "Big-Dog", "cat", "cat ", "e"] {
      try folder.write("train/\(name)/1.png")
    }
    try folder.write("train/cat\u{200B}/1.png")
    let prefix = "train: classes that differ only in case, blanks, hyphens or Unicode form: "
    #expect(
      try notes() == [
        prefix + "Big-Dog, big dog, big_dog",
        prefix + "Cafe\u{301}, Caf\u{E9} (one of them in another Unicode form)",
        prefix + "cat, 'cat ', cat\\u{200b}",
      ])
  }

  @Test func theNearestTrainingClassIsNamed() throws {
    for name in ["cafe\u{301}", "Cat", "big dog", "owl"] { try folder.write("val/\(name)/1.png") }
    func reason(_ classes: [String]) -> String? {
      #expect(throws: DatasetError.self) {
        try ImageFolder(root: folder.path, split: "val", classes: classes)
      }?.reason
    }
    #expect(
      reason(["caf\u{E9}", "cat", "big_dog", "owl"])
        == "3 classes not in the training classes: Cat, big dog, cafe\u{301}; "
        + "did you mean cat, big_dog, caf\u{E9} (in another Unicode form)?")
    #expect(
      reason(["Cat", "big dog", "cafe\u{301}"]) == "1 class not in the training classes: owl")
    // What differs is seen.
    try folder.write("blank/pear /1.png")
    try folder.write("blank/fig\u{2003}tree/1.png")
    let error = #expect(throws: DatasetError.self) {
      try ImageFolder(root: folder.path, split: "blank", classes: ["pear", "fig tree"], of: .model)
    }
    #expect(
      error?.reason == "2 classes not in the model's classes: fig\\u{2003}tree, 'pear '; "
        + "did you mean fig tree, 'pear'?")
  }

  @Test func foldersOfSplitsAreNoClasses() throws {
    for name in ["Training/a", "Training/b", "Testing/a"] { try folder.write("x/\(name)/1.png") }
    let error = #expect(throws: DatasetError.self) {
      try ImageFolder(root: folder.path, split: "x")
    }
    #expect(error?.reason.hasPrefix("Testing, Training are named like splits, not") == true)
    #expect(error?.reason.contains("--data-path \(folder.path)/x --train-split") == true)
    // A train may be a vehicle.
    for name in ["train", "test", "bus"] { try folder.write("y/\(name)/1.png") }
    #expect(try ImageFolder(root: folder.path, split: "y").classes == ["bus", "test", "train"])
  }

  @Test(arguments: [
    ("Train", SplitRole.train), ("TRAINING", .train), ("training_set", .train),
    ("seg_train", .train), ("train2017", .train), ("trainset", .train), ("Valid", .val),
    ("validation-images", .val), ("dev", .val), ("Eval", .val), ("Testing", .test),
    ("test1", .test), ("TestData", .test),
  ])
  func namesOfSplits(name: String, role: SplitRole) {
    #expect(SplitRole(folder: name) == role)
  }

  @Test(arguments: [
    "images", "trainer", "strain", "invalid", "test and train", "contest", "set", "",
  ])
  func otherNames(name: String) { #expect(SplitRole(folder: name) == nil) }
}
