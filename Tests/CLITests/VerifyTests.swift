import Foundation
import Testing

/// `convit verify`: what it prints, and its exit code.
@Suite struct VerifyTests {
  private let workspace: Workspace

  init() throws { workspace = try Workspace() }

  @Test func soundImages() throws {
    let outcome = try workspace.convit(["verify", "data"])
    #expect(outcome.status == 0 && outcome.err.isEmpty)
    #expect(outcome.outLines.first == "33 images are sound, 0 are bad")
    #expect(outcome.outLines.contains("train         3, with 8 (ant) to 8 (cow) images each"))
    #expect(outcome.outLines.contains("formats       PNG (33)"))
    #expect(!outcome.out.contains("\r"))
    #expect(try workspace.convit(["verify", "data"], output: .closedPipe).status == 0)
  }

  @Test func badImagesAreListedInOneLineEach() throws {
    let image = try workspace.read("data/train/bee/1.png")
    try workspace.write("data/train/bee/new\nline.png", image.prefix(60))
    try workspace.write("data/val/cow/0.png", "<html>".utf8)
    let outcome = try workspace.convit(["verify", "data", "--threads", "1"])
    #expect(outcome.status == 1 && outcome.err.isEmpty)
    #expect(
      outcome.outLines.prefix(3) == [
        "data/train/bee/new\\nline.png: damaged PNG: ends after 60 bytes, before the image does",
        "data/val/cow/0.png: expected PNG, JPEG or WebP, found an HTML or XML page",
        "32 images are sound, 2 are bad",
      ])
    let json = try workspace.convit(["verify", "data", "--json"])
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(json.out.utf8)) as? [String: Any])
    #expect(json.status == 1 && json.outLines.count == 1)
    #expect(object["images"] as? Int == 32 && (object["bad"] as? [Any])?.count == 2)
    let small = try workspace.convit(["verify", "data", "--max-pixels", "100"])
    #expect(small.status == 1 && small.out.contains("\n0 images are sound, 34 are bad\n"))
  }

  @Test func usage() throws {
    try workspace.expectFailure(["verify"], status: 2, ["'<folder>'", "convit verify --help"])
    try workspace.expectFailure(
      ["verify", "data", "--threads", "0"], status: 2, ["threads must be 1 to 1024, found 0"])
    try workspace.expectFailure(["verify", "missing"], ["missing: no such folder"])
  }
}
