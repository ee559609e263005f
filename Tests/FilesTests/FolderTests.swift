import Foundation
import Testing

@testable import Files

@Suite struct FolderTests {
  @Test func aFileInTheWayOfAFolder() throws {
    let folder = try Folder()
    try OutputFolder(folder.path("new/deep")).write("ä", to: "b")
    #expect(contents(folder.path("new/deep/b")) == Array("ä".utf8))
    let path = folder.path("new/deep/b")
    let reason = "cannot make the folder: a file has its name"
    #expect(throws: FileError(path: path, reason: reason)) { try OutputFolder(path) }
  }

  @Test func oneHolderAtATime() throws {
    let folder = try Folder()
    do {
      let lock = try FolderLock(folder.path)
      let reason = "another call is writing to this folder"
      #expect(throws: FileError(path: folder.path, reason: reason)) {
        try FolderLock(folder.path, holder: "another call")
      }
      withExtendedLifetime(lock) {}
    }
    _ = try FolderLock(folder.path)
  }

  @Test func oneOfThoseThatShareAFolderHasIt() throws {
    let folder = try Folder()
    let path = folder.path("a/b")
    #expect(!FolderLock.isHeld(sharing: path))
    do {
      let lock = try FolderLock(sharing: path)
      #expect(lock != nil && FolderLock.isHeld(sharing: path))
      #expect(try FolderLock(sharing: path) == nil)
      _ = try FolderLock(path)  // the other kind
      withExtendedLifetime(lock) {}
    }
    #expect(!FolderLock.isHeld(sharing: path))
    #expect(try FolderLock(sharing: path, waits: true) != nil)
    let file = folder.path("a/b/.lock")
    #expect(throws: FileError(path: file + "/c", cannot: "make the folder", code: ENOTDIR)) {
      try FolderLock(sharing: file + "/c")
    }
  }

  @Test func partsOfPaths() {
    #expect(["a/b", "a", "/a", "a/b/c"].map { folder(of: $0) } == ["a", ".", "/", "a/b"])
    #expect(["a//", "a", "//", ""].map(withoutEndSlash) == ["a", "a", "/", ""])
  }
}
