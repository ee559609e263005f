import Autodiff
import Foundation
import Testing

@testable import Images

@Suite struct FolderWriterTests {
  private let folder: TemporaryFolder
  private var output: String { "\(folder.path)/deep/out" }

  init() throws { folder = try TemporaryFolder() }

  /// Four training images of 1 × 2 and two for validation, in classes a (0) and b (1).
  private func splits() throws -> [ImageFolderWriter.Split] {
    try folder.write("ti", [0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2] + (0..<8))
    try folder.write("tl", [0, 0, 8, 1, 0, 0, 0, 4, 1, 0, 1, 1])
    try folder.write("vi", [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2] + (8..<12))
    try folder.write("vl", [0, 0, 8, 1, 0, 0, 0, 2, 0, 1])
    return try [("train", "t"), ("val", "v")].map { name, prefix in
      let data = try IDXDataset(
        images: "\(folder.path)/\(prefix)i", labels: "\(folder.path)/\(prefix)l", classCount: 2)
      return ImageFolderWriter.Split(name: name, data: data)
    }
  }

  private var writer: ImageFolderWriter {
    ImageFolderWriter(output: output, classes: ["a", "b"])
  }

  /// In place of a PNG file: its size and its bytes.
  @Sendable private static func writePNG(
    gray: [UInt8], width: Int, height: Int, to path: String
  ) throws {
    try Data([UInt8(width), UInt8(height)] + gray).write(to: URL(fileURLWithPath: path))
  }

  private func bytes(_ name: String) -> [UInt8]? {
    FileManager.default.contents(atPath: "\(output)/\(name)").map { [UInt8]($0) }
  }

  private func inParent() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/deep")
  }

  @Test func writesEveryImageIntoTheFolderOfItsClass() throws {
    let outcome = try writer.write(splits(), writeFile: Self.writePNG)
    #expect(outcome == .written(6))
    #expect(
      bytes("train/b/00000.png") == [2, 1, 0, 1] && bytes("train/a/00001.png") == [2, 1, 2, 3])
    #expect(
      bytes("train/b/00003.png") == [2, 1, 6, 7] && bytes("val/a/00000.png") == [2, 1, 8, 9])
    #expect(try inParent() == ["out"])
    let train = try ImageFolder(root: output, split: "train")
    #expect(train.classes == ["a", "b"] && train.samples.map(\.label) == [0, 1, 1, 1])
    #expect(try ImageFolder(root: output, split: "val").samples.count == 2)
  }

  @Test func whatIsWrittenAsPNGComesBackInBatches() throws {
    _ = try writer.write(splits()) { try Images.writePNG(gray: $0, width: $1, height: $2, to: $3) }
    let train = try ImageFolder(root: output, split: "train")
    let loader = BatchLoader(
      order: train.samples.map { ExampleRequest($0, random: Random(seed: 0).split($0.index)) },
      reader: ImageReader(
        transform: EvaluationTransform(size: ImageSize(height: 1, width: 2)),
        normalization: try Normalization(mean: [0, 0, 0], std: [1, 1, 1])),
      batchSize: 3, workers: 2)
    var batches: [Batch] = []
    while let batch = try loader.next() { batches.append(batch) }
    #expect(batches.map(\.labels) == [[0, 1, 1], [1]])
    let expected: [Float] = [2, 3, 0, 1, 4, 5, 6, 7]  // images 1, 0, 2, 3: a comes before b
    let pixels = batches.flatMap(\.inputs.elements).map { ($0 * 255).rounded() }
    #expect(
      pixels == (0..<4).flatMap { i in (0..<3).flatMap { _ in expected[(2 * i)...].prefix(2) } })
  }

  @Test func aCompleteOutputIsLeftAloneUnlessForced() throws {
    let splits = try splits()
    _ = try writer.write(splits) { try Images.writePNG(gray: $0, width: $1, height: $2, to: $3) }
    let again = try writer.write(splits) { _, _, _, _ in Issue.record("nothing is to be written") }
    #expect(again == .alreadyComplete(6))
    let file = "\(output)/val/b/00001.png"
    try Images.writePNG(gray: [10, 12], width: 2, height: 1, to: file)  // 10, 11 are the set's
    let error = #expect(throws: DatasetError.self) {
      try writer.write(splits) { _, _, _, _ in Issue.record("nothing is to be written") }
    }
    #expect(error?.reason.hasPrefix("has other images of the same names (val/b/00001.png)") == true)
    let forced = try writer.write(splits, force: true) { _, _, _, path in
      try Data([7]).write(to: URL(fileURLWithPath: path))
    }
    #expect(forced == .written(6) && bytes("val/b/00001.png") == [7])
    #expect(try inParent() == ["out"])
  }

  @Test func anIncompleteOutputIsReplacedOnlyWhenForced() throws {
    let splits = try splits()
    _ = try writer.write(splits, writeFile: Self.writePNG)
    try FileManager.default.removeItem(atPath: "\(output)/train/b/00003.png")
    let error = #expect(throws: DatasetError.self) {
      try writer.write(splits, writeFile: Self.writePNG)
    }
    #expect(error?.reason.contains("lacks 1 of 6 images") == true)
    let forced = try writer.write(splits, force: true, writeFile: Self.writePNG)
    #expect(forced == .written(6) && bytes("train/b/00003.png") == [2, 1, 6, 7])
  }

  @Test(arguments: ["notes.txt", "train/c/1.png", "train/a/00000.png", "val/a/x.png", ".git/x"])
  func otherContentIsNeverTouched(name: String) throws {
    let splits = try splits()
    _ = try writer.write(splits, writeFile: Self.writePNG)
    try folder.write("deep/out/\(name)", [42])
    for force in [false, true] {
      let error = #expect(throws: DatasetError.self) {
        try writer.write(splits, force: force, writeFile: Self.writePNG)
      }
      #expect(error?.reason.hasPrefix("has other content (") == true)
    }
    #expect(bytes(name) == [42])
  }

  @Test func anErrorLeavesNothingBehind() throws {
    struct Full: Error {}
    let splits = try splits()
    #expect(throws: Full.self) {
      try writer.write(splits) { _, _, _, path in
        if path.hasSuffix("val/a/00000.png") { throw Full() }
      }
    }
    #expect(try inParent() == [])
    _ = try writer.write(splits, writeFile: Self.writePNG)
    #expect(throws: Full.self) {
      try writer.write(splits, force: true) { _, _, _, _ in throw Full() }
    }
    #expect(bytes("val/a/00000.png") == [2, 1, 8, 9])
    #expect(try inParent() == ["out"])
  }

  @Test func whatAKilledProcessLeftIsRemoved() throws {
    try folder.write("deep/.out.partial-2147483647/train/a/1.png")  // no such process
    try folder.write("deep/.out.partial-1/train/a/1.png")  // a process that lives
    try folder.makeFolder("deep/out")  // an empty folder may be taken
    #expect(try writer.write(splits(), writeFile: Self.writePNG) == .written(6))
    #expect(try inParent().sorted() == [".out.partial-1", "out"])
  }

  @Test func anOutputThatCannotBeMadeIsAnError() throws {
    try folder.write("file")
    let splits = try splits()
    for (path, reason) in [
      ("file", "is there and is not a folder"),
      ("file/out", "cannot make the folder: File exists"),
    ] {
      let writer = ImageFolderWriter(output: "\(folder.path)/\(path)", classes: ["a", "b"])
      let error = #expect(throws: DatasetError.self) {
        try writer.write(splits, writeFile: Self.writePNG)
      }
      #expect(error?.path == "\(folder.path)/file" && error?.reason == reason)
    }
  }

  /// "" is the working directory for `URL(fileURLWithPath:)`: it was once replaced as a whole.
  @Test func anOutputWithoutANameIsAnError() throws {
    let splits = try splits()
    let error = #expect(throws: DatasetError.self) {
      try ImageFolderWriter(output: "", classes: ["a", "b"])
        .write(splits, writeFile: Self.writePNG)
    }
    #expect(error?.reason == "the folder to write has no name")
  }

  @Test(arguments: [["a", "a"], ["a/c", "b"], ["..", "b"], ["a", ""], [".a", "b"]])
  func classesThatWouldNotBeFoldersOfTheirOwnAreAnError(classes: [String]) throws {
    let splits = try splits()
    let writer = ImageFolderWriter(output: output, classes: classes)
    #expect(throws: DatasetError.self) { try writer.write(splits, writeFile: Self.writePNG) }
    #expect(!FileManager.default.fileExists(atPath: output))
  }
}
