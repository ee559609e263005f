import Foundation
import Testing

/// Images that cannot be read, left out on request: named once, counted, and with a limit.
@Suite struct BadImageTests {
  private let workspace: Workspace

  init() throws { workspace = try Workspace() }

  private func badImages(_ run: String = "run") throws -> [Int] {
    let log = String(decoding: try workspace.read("\(run)/log.jsonl"), as: UTF8.self)
    return log.matches(of: /"bad_images":(\d+)/).compactMap { Int($0.1) }
  }

  @Test func skippedImagesAreNamedOnceAndCounted() throws {
    let image = try workspace.read("data/train/bee/1.png")
    try workspace.write("data/train/bee/1.png", image.prefix(60))
    try workspace.write("data/val/cow/2.png", "text".utf8)
    let flags = ["--on-bad-image", "skip", "--max-bad", "0.2", "--epochs", "2"]
    let outcome = try workspace.train("run", flags)
    let notes = outcome.errLines.filter { $0.hasPrefix("note: skipped: ") }
    #expect(notes.count == 2)
    #expect(notes.first?.contains("data/train/bee/1.png: damaged PNG: ends after") == true)
    let reason = "data/val/cow/2.png: expected PNG, JPEG or WebP"
    #expect(notes.last?.contains("\(reason), found text") == true)
    #expect(
      outcome.errLines.contains(
        "note: data/train: more than 1 % of its 24 images cannot be read"))
    #expect(try badImages() == [2, 2])
    // The others train as they would without it, whoever reads them.
    try workspace.train("threads", flags + ["--num-workers", "0", "--threads", "1"])
    #expect(
      try workspace.read("run/model.safetensors") == workspace.read("threads/model.safetensors"))
    let evaluated = try workspace.convit(
      ["evaluate", "--weights", "run/model.safetensors", "--data-path", "data", "--json"]
        + flags.prefix(4))
    #expect(evaluated.status == 0)
    #expect(evaluated.out.contains(#""images": 8, "bad_images": 1"#))
    #expect(evaluated.err.hasPrefix("note: skipped: \(reason)"))
  }

  @Test(arguments: [("0.05", 2), ("1", 2), ("0", 1)]) func tooManyStopTheRun(
    limit: String, bad: Int
  ) throws {
    for index in 0..<bad { try workspace.write("data/train/ant/\(index).png", []) }
    let flags = ["--on-bad-image", "skip", "--max-bad", limit]
    let outcome = try workspace.convit(
      Workspace.flags(
        ["train", "--data-path", "data", "--output-dir", "run"] + Workspace.tiny,
        replacedBy: flags))
    #expect(outcome.status == 1)
    #expect(
      outcome.errLines.last == "convit: data/train: \(bad) of 24 images cannot be read, "
        + "max-bad allows \(bad - 1)")
    // A folder of a run that ended no epoch can be used again.
    try workspace.train("run", ["--on-bad-image", "skip", "--max-bad", "9"])
    #expect(try badImages() == [bad])
  }

  @Test(arguments: ["train", "val"]) func aClassWithoutImagesStopsTheRun(split: String) throws {
    for index in 0..<(split == "train" ? 8 : 3) {
      try workspace.write("data/\(split)/cow/\(index).png", "<html>".utf8)
    }
    let outcome = try workspace.convit(
      Workspace.flags(
        ["train", "--data-path", "data", "--output-dir", "run"] + Workspace.tiny,
        replacedBy: ["--on-bad-image", "skip", "--max-bad", "100"]))
    #expect(outcome.status == 1)
    let last = try #require(outcome.errLines.last)
    #expect(last.hasPrefix("convit: data/\(split): no image of class cow can be read; "))
  }

  /// A link to nothing is what a file is that vanished after the scan.
  @Test func aFileThatVanished() throws {
    try workspace.remove("data/train/ant/3.png")
    try FileManager.default.createSymbolicLink(
      atPath: workspace.file("data/train/ant/3.png"), withDestinationPath: "gone.png")
    let reason = "data/train/ant/3.png: cannot open: No such file or directory"
    try workspace.expectTrainFailure([], [reason], begun: true)
    let outcome = try workspace.train("run", ["--on-bad-image", "skip"])
    #expect(outcome.err.contains("note: skipped: \(reason)\n"))
  }

  /// A JPEG of 1 × 1 pixels by libjpeg, without the end of its file.
  private func cutJPEG() throws -> Data {
    let whole = try #require(Data(base64Encoded: Self.jpeg))
    return whole.dropLast(6)
  }

  @Test func damagedJPEGsNameTheWaysOn() throws {
    try workspace.write("data/train/ant/0.jpg", try cutJPEG())
    let reason = "data/train/ant/0.jpg: damaged JPEG: "
    try workspace.expectTrainFailure(
      [], [reason, "--lenient-jpeg", "--on-bad-image skip"], begun: true)
    let outcome = try workspace.train("run", ["--lenient-jpeg"])
    #expect(!outcome.err.contains("0.jpg"))
    let weights = ["--weights", "run/model.safetensors"]
    let predicted = try workspace.convit(["predict"] + weights + ["data/train/ant/0.jpg"])
    #expect(predicted.err.contains(reason))
    #expect(predicted.err.contains("(--lenient-jpeg makes up the missing pixels)"))
    #expect(!predicted.err.contains("--on-bad-image"))
    try workspace.write("data/val/ant/0.png", "text".utf8)
    try workspace.expectFailure(
      ["evaluate", "--data-path", "data"] + weights,
      ["data/val/ant/0.png: expected PNG", "(--on-bad-image skip leaves it out)"], begun: true)
  }

  @Test func harmlessWarningsAreNotes() throws {
    var bytes = try #require(Data(base64Encoded: Self.jpeg))
    bytes.insert(contentsOf: [0xFF, 0xD0] + Array("rest".utf8), at: bytes.count - 2)
    for index in 0..<12 { try workspace.write("data/train/ant/extra-\(index).jpg", bytes) }
    let verified = try workspace.convit(["verify", "data"])
    #expect(verified.status == 0)
    #expect(verified.outLines.count { $0.hasPrefix("note: data/train/ant/extra-") } == 12)
    let outcome = try workspace.train("run", ["--epochs", "2", "--num-workers", "0"])
    let notes = outcome.errLines.filter { $0.hasPrefix("note: data/train/ant/extra") }
    #expect(notes.count == 10 && Set(notes).count == 10)
    #expect(notes.allSatisfy { $0.contains("extraneous bytes before marker 0xd9 (read all") })
    #expect(outcome.errLines.count { $0.hasPrefix("note: more images are like that") } == 1)
    let predicted = try workspace.convit(
      ["predict", "--weights", "run/model.safetensors", "data/train/ant/extra-0.jpg"])
    #expect(predicted.status == 0)
    #expect(predicted.err.hasPrefix("note: data/train/ant/extra-0.jpg: JPEG: Corrupt JPEG data"))
  }

  /// 8 × 8 gray pixels, by cjpeg of libjpeg-turbo 2.1.5.
  private static let jpeg = """
    /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZG\
    NywtQFdBRkxOUlNSMj5aYVpQYEpRUk//wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EAB0QAAEE\
    AgMAAAAAAAAAAAAAAAECAxEhBAUUM0H/2gAIAQEAAD8APGaad1rrGIjh6tvvylyFPIoQBEgE+WVUKkg//9k=
    """

  @Test func limitsAndLeniencyApply() throws {
    try workspace.expectTrainFailure(
      ["--max-pixels", "143"],
      [".png: PNG: 12 × 12 pixels is over the limit of 143 pixels"], begun: true)
    try workspace.expectTrainFailure(
      ["--max-bytes", "50"], ["bytes is over the limit of 50"], begun: true)
  }
}
