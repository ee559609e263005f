import Foundation
import Testing

@testable import Files

/// Beside what Tests/SafetensorsTests/FailedWriteTests.swift has of files that last.
@Suite struct AtomicFileTests {
  @Test func theLastOfSeveralPassingWritersWins() throws {
    let folder = try Folder()
    let path = folder.path("a")
    try AtomicFile.replace(path, byteCount: 1, .passing) { file in
      try AtomicFile.replace(path, by: [2], .passing)
      #expect(contents(path) == [2])
      try [UInt8(1)].withUnsafeBytes { try file.write($0) }
    }
    #expect(contents(path) == [1])
    #expect(try folder.names == ["a"])
  }

  @Test func aPassingWriteThatFailsLeavesNothing() throws {
    struct Stop: Error {}
    let folder = try Folder()
    let path = folder.path("a")
    try AtomicFile.replace(path, by: [1])
    #expect(throws: Stop.self) {
      try AtomicFile.replace(path, byteCount: 1, .passing) { _ in throw Stop() }
    }
    #expect(contents(path) == [1])
    #expect(try folder.names == ["a"])
  }

  @Test func appendingToAFullDisk() throws {
    let error = #expect(throws: FileError.self) { try AtomicFile.append([1], to: "/dev/full") }
    let text = "/dev/full: cannot write: No space left on device (1 bytes are needed"
    #expect(error?.description.hasPrefix(text) == true)
  }
}
