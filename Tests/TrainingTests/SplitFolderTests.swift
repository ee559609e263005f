import Foundation
import Testing

@testable import Recipes
@testable import Training

/// Which folders a run trains and validates on, in the layouts that people have.
@Suite struct SplitFolderTests {
  private let root: String

  init() throws { root = NSTemporaryDirectory() + "splits-" + UUID().uuidString }

  /// What training would make of a folder with these files, with `ROOT` for its path.
  private func preview(
    _ files: [String], _ change: (inout DataSettings) -> Void = { _ in }
  ) throws -> (folders: String, said: [String]) {
    let manager = FileManager.default
    try? manager.removeItem(atPath: root)
    defer { try? manager.removeItem(atPath: root) }
    for file in files {
      let url = URL(fileURLWithPath: "\(root)/\(file)")
      try manager.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data([1]).write(to: url)
    }
    var settings = DataSettings()
    settings.dataPath = root
    change(&settings)
    let preview = TrainingPreview(settings)
    func shown(_ text: String) -> String { text.replacingOccurrences(of: root, with: "ROOT") }
    let folders = [preview.train, preview.val].map { split in
      split.map { "\(shown($0.folder)) \($0.images)" } ?? "none"
    }
    let said = preview.notes + [preview.error].compactMap { $0 }
    return (folders.joined(separator: ", "), said.map(shown))
  }

  private let classes = ["a", "b"]
  private func split(_ name: String, _ count: Int = 1) -> [String] {
    classes.flatMap { label in (0..<count).map { "\(name)/\(label)/\($0).png" } }
  }

  @Test func asExpectedNothingIsSaid() throws {
    let found = try preview(split("train", 2) + split("val") + split("test", 5))
    #expect(found.folders == "ROOT/train 4, ROOT/val 2" && found.said.isEmpty)
  }

  @Test(arguments: [
    ("Training", "Testing"), ("TRAIN", "Val"), ("train", "valid"), ("train", "validation"),
    ("train", "test"), ("train", "dev"), ("training_set", "test_set"), ("train", "eval"),
  ])
  func otherNames(train: String, val: String) throws {
    let found = try preview(split(train, 2) + split(val))
    #expect(found.folders == "ROOT/\(train) 4, ROOT/\(val) 2")
    let notes = [("train", train), ("val", val)].filter { $0 != $1 }.map { split, name in
      "ROOT: there is no folder \(split): \(name) is used instead "
        + "(--\(split)-split chooses another)"
    }
    #expect(found.said == notes)
  }

  @Test func validationComesBeforeTests() throws {
    let found = try preview(split("train", 2) + split("Valid") + split("test"))
    #expect(found.folders == "ROOT/train 4, ROOT/Valid 2")
  }

  @Test func whatIsNotReadBesideASplitIsNamed() throws {
    let files = split("train", 2) + split("Training") + split("val") + split("valid")
    let notes = [("train", "Training"), ("val", "valid")].map { split, name in
      "ROOT: there is a folder \(split), so nothing is read from \(name) "
        + "(--\(split)-split chooses another)"
    }
    let found = try preview(files)
    #expect(found.folders == "ROOT/train 4, ROOT/val 2" && found.said == notes)
    #expect(try preview(files) { $0.trainSplit = "train" }.said == [notes[1]])
    let tests = try preview(split("train", 2) + split("test") + split("Testing")).said
    #expect(
      tests.last?.hasSuffix("nothing is read from Testing (--val-split chooses another)") == true)
  }

  @Test func slashesAtTheEndAreNotShown() throws {
    let files = split("train", 2) + split("val")
    let found = try preview(files) { ($0.dataPath, $0.valSplit) = (root + "//", "val//") }
    #expect(found.folders == "ROOT/train 4, ROOT/val 2" && found.said.isEmpty)
    let missing = try preview(split("train")) { $0.dataPath = root + "/" }
    #expect(missing.said.first?.hasPrefix("ROOT: no folder val beside train") == true)
  }

  @Test func aSplitInTheTrainingFolder() throws {
    let files = split("train", 2) + split("train/val")
    let reason =
      "ROOT/train: val is no class, as it holds folders of the names of classes (a, b): "
      + "--val-split train/val validates on it; else move it elsewhere"
    for change in [{ _ in }, { $0.valFraction = 0.5 }] as [(inout DataSettings) -> Void] {
      #expect(try preview(files, change).said == [reason])
    }
    for name in ["train/val", "train/val/", root + "/train/val"] {
      let told = try preview(files) { $0.valSplit = name }
      #expect(told.folders == "ROOT/train 4, ROOT/train/val 2" && told.said.isEmpty)
    }
    // Of other classes, it may be one itself.
    let other = try preview(split("train") + ["train/val/c/1.png"]).said
    #expect(other.last?.hasSuffix(", --val-split train/val takes what is there") == true)
  }

  @Test func severalThatMayBeMeantAreAnError() throws {
    let files = split("Train", 2) + split("Training") + split("valid") + split("dev")
    #expect(
      try preview(files).said == [
        "ROOT: no folder train, and it may be any of Train, Training: --train-split NAME says which"
      ])
    #expect(
      try preview(files) { $0.trainSplit = "Train" }.said == [
        "ROOT: no folder val, and it may be any of dev, valid: --val-split NAME says which"
      ])
    let told = try preview(files) { ($0.trainSplit, $0.valSplit) = ("Train", "dev/") }
    #expect(told.folders == "ROOT/Train 4, ROOT/dev 2" && told.said.isEmpty)
  }

  @Test func settingsNameAnyFolder() throws {
    let files = split("one", 2) + split("two") + split("train")
    let told = try preview(files) { ($0.trainSplit, $0.valSplit) = ("one", "two") }
    #expect(told.folders == "ROOT/one 4, ROOT/two 2" && told.said.isEmpty)
    #expect(
      try preview(files) { $0.valSplit = "three" }.said
        == ["ROOT: no folder three, which val-split names, beside one, train, two"])
    let completed = try preview(files) { $0.valSplit = root + "/two" }
    #expect(completed.folders == "ROOT/train 2, ROOT/two 2" && completed.said.isEmpty)
    let same = try preview(files) { ($0.trainSplit, $0.valSplit) = ("one", "one") }
    #expect(same.said == ["ROOT/one: the images to train on are those to validate on"])
    // What is trained on is not found again to validate on.
    let test = try preview(split("test")) { $0.trainSplit = "test" }
    #expect(test.said.first?.hasPrefix("ROOT: no folder val beside test: expected") == true)
  }

  @Test func aFolderTooDeepIsFound() throws {
    let found = try preview(split("archive/data/Training", 2) + split("archive/data/Testing"))
    #expect(found.folders == "ROOT/archive/data/Training 4, ROOT/archive/data/Testing 2")
    #expect(found.said.first == "ROOT: all there is lies in archive/data, and is taken from there")
    #expect(found.said.count == 3)
    let beside = try preview(split("archive/train") + ["docs/1.png"]).said
    #expect(
      beside == [
        "ROOT: no folder train beside archive, docs: expected train/<class>/<image>; those of "
          + "splits are in ROOT/archive: --data-path ROOT/archive"
      ])
  }

  @Test func classesTooDeepAreFound() throws {
    let found = try preview(split("train/images", 2) + split("val/val"))
    #expect(found.folders == "ROOT/train/images 4, ROOT/val/val 2")
    #expect(
      found.said.first
        == "ROOT/train: holds only the folder images, whose folders are taken for the classes: a, b"
    )
    // One class of val is a class, whatever is in it.
    let one = try preview(split("train", 2) + ["val/a/x/1.png", "val/a/y/1.png"])
    #expect(one.folders == "ROOT/train 4, ROOT/val 2")
    // So is a folder with images of its own.
    let own = try preview(split("train/only", 2) + split("val/only") + ["train/only/1.png"])
    #expect(own.folders == "ROOT/train 5, ROOT/val 2")
    #expect(own.said.contains { $0.hasPrefix("ROOT/train: one class only, only: any answer") })
  }

  @Test func splitsInASplitAreAnError() throws {
    for change in [{ _ in }, { $0.valFraction = 0.5 }] as [(inout DataSettings) -> Void] {
      let said = try preview(split("train/Training", 2) + split("train/Testing"), change).said
      #expect(said.count == 1)
      #expect(
        said.first?.hasPrefix("ROOT/train: Testing, Training are named like splits, not") == true)
    }
  }

  @Test func aFractionIsOfTheTrainingImages() throws {
    func half(_ files: [String]) throws -> (folders: String, said: [String]) {
      try preview(files) { $0.valFraction = 0.5 }
    }
    let splits = try half(split("Training", 4) + split("Testing"))
    #expect(splits.folders == "ROOT/Training 4, ROOT/Training 4")
    #expect(
      splits.said.last
        == "ROOT: val-fraction holds out a part of Training, and nothing is read from Testing")
    let nested = try half(split("dataset/images", 4))
    #expect(nested.folders == "ROOT/dataset/images 4, ROOT/dataset/images 4")
    #expect(nested.said.count == 1)
    // Among vehicles, a train is a class.
    for files in [
      ["bus/1.png", "bus/2.png", "train/1.png", "train/2.png"],
      ["bus/1.png", "bus/2.png", "Train/ice/1.png", "Train/ice/2.png"],
    ] {
      let vehicles = try half(files)
      #expect(vehicles.folders == "ROOT 2, ROOT 2" && vehicles.said.isEmpty)
    }
    #expect(
      try half(split("valid") + split("test")).said.first?.hasPrefix(
        "ROOT: test, valid are named like splits, not like classes: --data-path ROOT ") == true)
    let told = try preview(split("one", 4) + split("two")) {
      ($0.trainSplit, $0.valFraction) = ("one", 0.5)
    }
    #expect(told.folders == "ROOT/one 4, ROOT/one 4" && told.said.isEmpty)
  }

  @Test func whatIsMissingLeadsOn() throws {
    let fraction = "--val-fraction 0.1 holds out a part of the training images to validate on"
    #expect(
      try preview(split("train")).said
        == ["ROOT: no folder val beside train: expected val/<class>/<image>; \(fraction)"])
    // Images of a test without classes are no validation.
    #expect(
      try preview(split("train") + ["test1/1.png"]).said
        == [
          "ROOT: no folder val beside test1, train: expected val/<class>/<image> (test1 without "
            + "folders of classes is not taken); \(fraction), --val-split NAME takes another folder"
        ])
    #expect(
      try preview(split("train") + ["test/unknown/1.png"]).said.last
        == "ROOT/test: 1 class not in the training classes: unknown; if its images are of many "
        + "classes, each needs a folder; --val-split NAME takes another "
        + "folder, --val-fraction 0.1 a part of the training images")
    #expect(
      try preview(["a/1.png", "b/1.png"]).said.first?.contains(
        "expected train/<class>/<image>; if they are classes, --val-fraction 0.1 trains on them")
        == true)
    let inside = try preview(split("train") + split("val")) { $0.dataPath = root + "/train" }
    #expect(
      inside.said.first?.hasSuffix("; the folders of splits are in ROOT: --data-path ROOT") == true)
  }

  @Test func splitsThatMayBeSwappedAreNamed() throws {
    #expect(
      try preview(split("train") + split("val", 2)).said
        == [
          "ROOT/val has 4 images to validate on, and ROOT/train only 2 to train on: they may be "
            + "swapped"
        ])
    // A share of the images is smaller than val on purpose.
    let share = try preview(split("train", 4) + split("val", 3)) { $0.samplingRatio = 0.25 }
    #expect(share.folders == "ROOT/train 2, ROOT/val 6" && share.said.isEmpty)
  }
}
