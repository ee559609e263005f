import Foundation
import Testing

@testable import Files

@Suite struct RegularFileTests {
  @Test func onlyRegularFilesAreRead() throws {
    let folder = try Folder()
    try #require(mkfifo(folder.path("pipe"), 0o600) == 0)
    for (path, reason) in [
      (folder.path("pipe"), "expected a regular file, found a pipe"),
      (folder.path, "expected a regular file, found a directory"),
      ("/dev/zero", "expected a regular file, found a device"),
      (folder.path("none"), "cannot open: No such file or directory"),
      ("a\0b", "a path cannot hold a zero byte"),
    ] {
      #expect(throws: FileError(path: path, reason: reason)) {
        try RegularFile.contents(of: path, maxBytes: 9)
      }
      #expect(RegularFile.head(of: path, count: 4) == nil)
    }
  }

  @Test func limitsAndBeginnings() throws {
    let folder = try Folder()
    let path = folder.path("a")
    try AtomicFile.replace(path, by: [1, 2, 3])
    #expect(try RegularFile.contents(of: path, maxBytes: 3) == [1, 2, 3])
    #expect(throws: FileError(path: path, reason: "3 bytes is over the limit of 2")) {
      try RegularFile.contents(of: path, maxBytes: 2)
    }
    #expect(RegularFile.head(of: path, count: 2) == [1, 2])
    #expect(RegularFile.head(of: path, count: 4) == [1, 2, 3])
  }

  @Test func aFileThatChangesIsAnError() throws {
    let folder = try Folder()
    let path = folder.path("a")
    try AtomicFile.replace(path, by: [1, 2, 3])
    let file = try RegularFile(reading: path)
    func change(_ found: String) -> FileError {
      FileError(path: path, reason: "changed while it was read: expected 3 bytes, found \(found)")
    }
    try AtomicFile.append([4, 5], to: path)
    #expect(throws: change("more")) { try file.contents() }
    try #require(truncate(path, 1) == 0)
    #expect(throws: change("1")) { try file.contents() }
    let reason = "the file now ends at byte 1, it had 3 bytes when opened"
    #expect(throws: FileError(path: path, reason: reason)) { try file.bytes(at: 0, count: 2) }
    try AtomicFile.replace(path, by: [7])
    #expect(try file.bytes(at: 0, count: 1) == [1], "the file that was opened")
  }
}
