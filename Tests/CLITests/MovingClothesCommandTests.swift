import Foundation
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
