import Files
import Foundation
import Testing

@testable import Recipes
@testable import Training

@Suite final class ResultFolderTests {
  private let path = NSTemporaryDirectory() + "pictures-" + UUID().uuidString

  deinit { try? FileManager.default.removeItem(atPath: path) }

  private func open() throws -> ResultFolder {
    try ResultFolder(path, record: "record.json") { $0.hasPrefix("map-") }
  }

  /// What a call does.
  private func call(_ names: [String]) throws {
    let folder = try open()
    defer { folder.discard() }
    for name in names { try folder.write("picture", to: name) }
    try folder.publish { try JSON.text(["files": $0]) }
  }

  private func put(_ name: String, _ text: String) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
  }

  private var listing: Set<String> {
    Set((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
  }

  private func expectRefusal(_ reason: String) throws {
    let before = listing
    let error = #expect(throws: TrainingError.self) { try call(["map-new"]) }
    #expect(error?.message.contains(reason) == true, "\(String(describing: error))")
    #expect(listing == before)
  }

  @Test func aCallLeavesItsPicturesAlone() throws {
    try put("notes.txt", "mine")
    try put("my-map-1", "mine")
    try call(["map-1", "map-2"])
    #expect(listing == ["notes.txt", "my-map-1", "map-1", "map-2", "record.json"])
    try call(["map-2", "map-3"])
    #expect(listing == ["notes.txt", "my-map-1", "map-2", "map-3", "record.json"])
    try call([])
    #expect(listing == ["notes.txt", "my-map-1", "record.json"])
  }

  @Test func filesOfOthersStay() throws {
    try put("map-1", "mine")
    try expectRefusal("\(path)/map-1: record.json does not name it")
    try put("record.json", "{\"files\":[]}")
    try expectRefusal("\(path)/map-1: record.json does not name it")
    try put("record.json", "{\"version\":1}")
    try expectRefusal("\(path)/record.json: not a list of files")
    // A record does not reach out of the folder, nor to files of other names.
    try FileManager.default.removeItem(atPath: path + "/map-1")
    try put("notes.txt", "mine")
    try put(
      "record.json",
      "{\"files\":[\"notes.txt\",\"../\(path.split(separator: "/").last!)/notes.txt\"]}")
    try call(["map-2"])
    #expect(listing == ["notes.txt", "map-2", "record.json"])
  }

  @Test func aCallThatIsKilledLeavesNoMixture() throws {
    try call(["map-1", "map-2"])
    let complete = listing
    do {  // killed while it made its pictures
      let folder = try open()
      try folder.write("half", to: "map-3")
    }
    #expect(listing == complete.union([".record.json.partial"]))
    try call(["map-4"])
    #expect(listing == ["map-4", "record.json"])

    // It fails while pictures take their places: something has got the name of the second one.
    let folder = try open()
    for name in ["map-5", "map-6"] { try folder.write("picture", to: name) }
    try FileManager.default.createDirectory(
      atPath: path + "/map-6/within", withIntermediateDirectories: true)
    #expect(throws: FileError.self) {
      try folder.publish { try JSON.text(["files": $0]) }
    }
    folder.discard()
    #expect(listing == ["map-5", "map-6", "record.json"], "nothing of the call before")
    try FileManager.default.removeItem(atPath: path + "/map-6")
    try call(["map-7"])
    #expect(listing == ["map-7", "record.json"])
  }

  @Test func twoCallsAtOnce() throws {
    let first = try open()
    #expect(throws: FileError.self) { try open() }
    try first.write("picture", to: "map-1")
    try first.publish { try JSON.text(["files": $0]) }
    first.discard()
    #expect(listing == ["map-1", "record.json"])
  }
}
