import ConViT
import Foundation
import Testing

@testable import Symmetry

/// `convit symmetry` on images of which no class is known, and what it says by class.
@Suite struct UnlabelledTests {
  private let workspace: Workspace
  private let model: String

  init() throws {
    workspace = try Workspace()
    model = try TrainedModel.workspace.get().file("run/model.safetensors")
  }

  private func symmetry(_ data: String, _ flags: [String] = []) throws -> Outcome {
    try workspace.convit(
      ["symmetry", "--weights", model, "--data-path", data, "--group", "flip"] + flags)
  }

  private func report(_ data: String, _ flags: [String] = []) throws -> SymmetryReport {
    let outcome = try symmetry(data, flags + ["--unlabelled", "--json"])
    try #require(outcome.status == 0, "\(outcome.err)")
    #expect(outcome.errLines.allSatisfy { !$0.hasPrefix("note:") }, "\(outcome.err)")
    return try JSONDecoder().decode(SymmetryReport.self, from: Data(outcome.out.utf8))
  }

  /// The images of `data/val`, in folders of other names, at any depth.
  private func scatter(_ name: (Int) -> String) throws {
    for (label, folder) in Workspace.classes.enumerated() {
      for index in 0..<3 {
        try workspace.write(
          name(3 * label + index), workspace.read("data/val/\(folder)/\(index).png"))
      }
    }
  }

  @Test(arguments: ["flat", "one/deep/down", "split/val"])
  func foldersOfAnyKind(folder: String) throws {
    let labelled = try report("data")
    try scatter { "\(folder)/\($0).png" }
    let root = String(folder.prefix { $0 != "/" })
    let all = try report(root)
    #expect(all.images == 9 && all.groups[0].labelled == nil)
    #expect(abs(all.groups[0].gain - labelled.groups[0].gain) < 1e-12)
    #expect(all.groups[0].classes.allSatisfy { Workspace.classes.contains($0.name) })
    try scatter { "\(root)/x\($0 % 4)/\($0).png" }
    #expect(try report(root, ["--split", "."]).images == 18)
  }

  @Test func tables() throws {
    try scatter { "p/\($0).png" }
    let rows = (0..<9).map { "p/\($0).png" }
    for (name, text) in [
      ("path.csv", (["path"] + rows).joined(separator: "\n")),
      ("empty.csv", "path,label\n" + rows.map { $0 + "," }.joined(separator: "\n")),
      ("other.csv", "label,path\n" + rows.map { "dog," + $0 }.joined(separator: "\n")),
    ] {
      try workspace.write(name, Array(text.utf8))
      #expect(try report(name).images == 9, "\(name)")
    }
    try workspace.expectFailure(
      ["symmetry", "--weights", model, "--data-path", "path.csv"], ["no column label or class"])
  }

  @Test func foldersWithoutImages() throws {
    try workspace.makeFolder("none")
    try workspace.write("none/notes.txt", Array("x".utf8))
    try workspace.expectFailure(
      ["symmetry", "--weights", model, "--data-path", "none", "--unlabelled"],
      ["none: no ", "images in it; files that are not read: .txt 1"])
    try workspace.expectFailure(
      ["symmetry", "--weights", model, "--data-path", "data", "--split", "x", "--unlabelled"],
      ["no folder x"])
    // Without val, images to train on are among all: that is said.
    try workspace.remove("data/val")
    let outcome = try symmetry("data", ["--unlabelled"])
    #expect(
      outcome.err.contains("there is no folder val: all images are taken, also those of train"))
    #expect(outcome.err.contains("24 images"))
  }

  @Test func oneImageHasNoSpread() throws {
    let outcome = try symmetry("data", ["--sample", "1"])
    #expect(outcome.err.contains("1 image,") && !outcome.out.contains("± 0.0000"))
    #expect(outcome.outLines[1].matches(of: /±      –/).count == 2, "\(outcome.out)")
    let group = try report("data", ["--sample", "1"]).groups[0]
    #expect(group.gain > 0 && group.gainError == nil)
  }

  @Test func gainsByClass() throws {
    let outcome = try workspace.convit([
      "symmetry", "--weights", model, "--data-path", "data", "--per-class",
    ])
    let start = try #require(outcome.outLines.firstIndex(of: "gain by class"))
    let rows = outcome.outLines[start...].map { $0.split(separator: " ").map(String.init) }
    #expect(rows[1] == ["class"] + ImageSymmetry.subgroupsOfD4.dropFirst().map(\.name))
    let gains = rows[2...4].map { Double($0[9]) ?? 0 }
    #expect(gains == gains.sorted(by: >) && gains[0] > gains[2])
    #expect(Set(rows[2...4].map { $0[0] }) == Set(Workspace.classes) && rows.count == 5)
    #expect(outcome.outLines.allSatisfy { $0.count <= 100 })
  }

  /// Images that are not square lose the groups that turn them: one note says which.
  @Test func imagesThatAreNotSquare() throws {
    let outcome = try workspace.convit([
      "symmetry", "--weights", model, "--data-path", "data", "--input-size", "12x8",
    ])
    #expect(
      outcome.err.contains(
        "note: images of 12 × 8 pixels are not square: transpose, antitranspose, transposes, c4 "
          + "and d4 are left out\n"))
    #expect(outcome.outLines.count == 5)
  }
}
