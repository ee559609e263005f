import Foundation
import Images
import Testing

/// `convit dataset moving-clothes`.
@Suite struct MovingClothesCommandTests {
  private let workspace: Workspace

  init() throws {
    workspace = try Workspace()
    for (prefix, value) in [("train", UInt8(90)), ("t10k", 200)] {
      let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28]
      try workspace.write(
        "idx/\(prefix)-images-idx3-ubyte", header + Array(repeating: value, count: 784))
      try workspace.write("idx/\(prefix)-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 1, 0])
    }
  }

  private func make(_ output: String, _ flags: [String] = []) throws -> Outcome {
    let command = ["dataset", "moving-clothes", "--source", "idx", "--train", "8", "--val", "4"]
    return try workspace.convit(command + ["--output", output] + flags)
  }

  @Test func writesClipsThatAreReadAgain() throws {
    let outcome = try make("clips", ["--background"])
    #expect(outcome.status == 0 && outcome.err == "clips: 16 clips written\n")
    let files = try workspace.listing().filter { $0.hasPrefix("clips/") && $0.hasSuffix(".apng") }
    #expect(files.count == 16)
    for split in ["val", "val-shuffled"] {
      #expect(files.contains("clips/\(split)/left/00000.apng"))
      #expect(files.contains("clips/\(split)/right/00000-reversed.apng"))
    }
    let verified = try workspace.convit(["verify", "clips", "--clips"])
    #expect(verified.status == 0)
    #expect(verified.outLines.contains("frames        4 to 4"))
    #expect(try make("clips", ["--background"]).err == "clips: all 16 clips are there already\n")
  }

  /// Two classes come of a folder whose images have two.
  @Test func pairs() throws {
    for (split, count) in [("train", 2), ("val", 1)] {
      for (name, value) in [("hat", UInt8(40)), ("shoe", 80)] {
        try workspace.makeFolder("clothes/\(split)/\(name)")
        for index in 0..<count {
          try writePNG(
            gray: Array(repeating: value, count: 784), width: 28, height: 28,
            to: workspace.file("clothes/\(split)/\(name)/\(index).png"))
        }
      }
    }
    let command = ["dataset", "clothes-pairs", "--train", "6", "--val", "4"]
    let outcome = try workspace.convit(command + ["--source", "clothes", "--output", "pairs"])
    #expect(outcome.err == "pairs: 10 images written\n", "\(outcome.err)")
    let files = try workspace.listing().filter { $0.hasPrefix("pairs/") && $0.hasSuffix(".png") }
    #expect(files.count { $0.contains("/same/") } == 5 && files.count == 10)
    let control = try workspace.convit(
      command + ["--source", "clothes", "--output", "control", "--question", "corner"])
    #expect(control.status == 0)
    #expect(try workspace.listing().contains { $0.hasPrefix("control/val/second-half/") })
    try workspace.expectFailure(
      command + ["--source", "idx", "--output", "none"],
      ["idx: train has one class, and pairs need two or more"])
  }

  /// Clips of other options are not taken for these.
  @Test func othersAreNoticed() throws {
    _ = try make("clips")
    #expect(try make("clips").err == "clips: all 12 clips are there already\n")
    let other = try make("clips", ["--seed", "7"])
    #expect(other.status == 1, "\(other.err)")
    #expect(other.err.hasPrefix("convit: clips: has other clips of the same names (train/"))
    #expect(other.err.contains("--force replaces them, another --output keeps them"))
    #expect(try make("clips", ["--seed", "7", "--force"]).err == "clips: 12 clips written\n")
    #expect(try make("clips", ["--seed", "7"]).err == "clips: all 12 clips are there already\n")
  }

  /// A model of images sees first frames, and its run says so once.
  @Test func modelsOfImages() throws {
    _ = try make("clips", ["--val", "16"])  // of all four classes
    let trained = try workspace.train("run", ["--data-path", "clips", "--epochs", "2"])
    func note(_ split: String, _ count: Int) -> String {
      "note: clips/\(split): \(count) images of those read are animated: a model of images sees "
        + "the first frame; train with --frames makes a model of clips"
    }
    #expect(
      trained.errLines.filter { $0.contains("animated") } == [note("train", 8), note("val", 16)])
    let weights = ["--weights", "run/model.safetensors"]
    let measured = try workspace.convit(["evaluate", "--data-path", "clips"] + weights)
    #expect(measured.errLines.contains(note("val", 16)))
    let clip = "clips/val/left/00000.apng"
    try workspace.write("a.gif", "GIF89a".utf8)
    let named = try workspace.convit(["predict", clip, "a.gif"] + weights)
    #expect(
      named.errLines == [
        "note: \(clip): an animation, of which the first image is read",
        "convit: a.gif: expected PNG, JPEG or WebP, found GIF (a clip, and the weights are of a "
          + "model of images)",
      ])
  }

  @Test func theSameSeedGivesTheSameBytes() throws {
    for (output, seed) in [("a", "1"), ("b", "1"), ("c", "2")] {
      #expect(try make(output, ["--seed", seed]).err == "\(output): 12 clips written\n")
    }
    func bytes(_ output: String) throws -> [Data] {
      try workspace.listing().filter { $0.hasPrefix(output + "/") && $0.hasSuffix(".apng") }
        .sorted().map(workspace.read)
    }
    #expect(try bytes("a") == bytes("b") && bytes("a").count == 12)
    #expect(try bytes("a") != bytes("c"))
  }

  @Test func whatCannotBeIsOneLine() throws {
    let command = ["dataset", "moving-clothes", "--output", "clips"]
    try workspace.expectFailure(
      command + ["--source", "missing"],
      ["missing/train-images-idx3-ubyte: no such file", "dataset-fashion-mnist"])
    try workspace.expectFailure(
      command + ["--source", "data"],
      ["data/train/", "12 × 12 pixels, expected 28 × 28"])
    let pairs = try workspace.convit(command + ["--val", "3"])
    #expect(pairs.status == 2)
    #expect(pairs.err.contains("val must be even, for clips and their reverses, found 3"))
  }
}
