import Foundation
import Testing

@testable import Files
@testable import Safetensors

/// After a write that failed, the file is what it was and nothing else is left.
@Suite struct FailedWriteTests {
  static let tensor = OutputTensor(name: "x", shape: [2], data: [1, 2])
  struct Stop: Error {}

  /// Tries to replace a file, and returns the error.
  func refused(_ tensors: [OutputTensor], metadata: [String: String] = [:]) throws -> String {
    let folder = try TemporaryFolder()
    let path = try folder.write([1, 2, 3])
    let text = try errorText(in: folder) {
      try SafetensorsWriter.write(tensors, metadata: metadata, to: path)
    }
    #expect(try folder.names == ["a.safetensors"])
    #expect(try contents(path) == [1, 2, 3])
    return text
  }

  @Test func wrongTensors() throws {
    let x = Self.tensor
    let start = "a.safetensors: tensor"
    #expect(
      try refused([x, OutputTensor(name: "y", shape: [2, 2], data: [1])])
        == "\(start) 'y': shape [2, 2] of F32 needs 16 bytes, the data have 4")
    #expect(
      try refused([x, OutputTensor(name: "y", shape: [-1, 2], data: [1])])
        == "\(start) 'y': shape [-1, 2] cannot be stored")
    #expect(
      try refused([x, OutputTensor(name: "y", shape: [1 << 40, 1 << 40], data: [])])
        == "\(start) 'y': shape [1099511627776, 1099511627776] cannot be stored")
    let huge = ["a", "b"].map { OutputTensor(name: $0, shape: [1 << 60], data: []) }
    #expect(try refused(huge) == "a.safetensors: the tensors have more bytes than a file")
    #expect(try refused([x, x]).hasSuffix("duplicate key 'x'"))
    #expect(
      try refused([OutputTensor(name: "__metadata__", shape: [], data: [1])])
        == "\(start) '__metadata__': the format keeps this name for its metadata")
    #expect(
      try refused([OutputTensor(name: "y", shape: [1]) { _ in }])
        == "\(start) 'y': the data must be lent once, they were lent 0 times")
    let twice = OutputTensor(name: "y", shape: [1]) { body in
      try [1].withUnsafeBufferPointer(body)
      try [1].withUnsafeBufferPointer(body)
    }
    #expect(
      try refused([twice]) == "\(start) 'y': the data must be lent once, they were lent 2 times")
  }

  @Test func headerThatIsTooLong() throws {
    let text = String(repeating: "\0", count: 17_000_000)  // six bytes each, \u0000
    let error = try refused([Self.tensor], metadata: ["a": text])
    #expect(error == "a.safetensors: the header has 102000080 bytes, the limit is 100000000")
  }

  @Test func errorOfTheLender() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write([1, 2, 3])
    let y = OutputTensor(name: "y", shape: [1]) { _ in throw Stop() }
    #expect(throws: Stop.self) { try SafetensorsWriter.write([Self.tensor, y], to: path) }
    #expect(try folder.names == ["a.safetensors"])
    #expect(try contents(path) == [1, 2, 3])
  }

  @Test func placesThatTakeNoFile() throws {
    let folder = try TemporaryFolder()
    func text(_ path: String) throws -> String {
      try errorText(in: folder) { try SafetensorsWriter.write([Self.tensor], to: path) }
    }
    #expect(
      try text(folder.path("none/a"))
        == "none/a: cannot create 'none/a.tmp': No such file or directory (72 bytes are needed)")
    #expect(try text("/proc/a").hasPrefix("/proc/a: cannot create '/proc/a.tmp': "))
    #expect(try text("/proc/a").contains("72 bytes are needed"))
    #expect(try text("/tmp") == "/tmp: cannot replace a directory by a file")
    #expect(try text("") == ": not the path of a file")
    #expect(try text("a\0b") == #"a\u{0}b: a path cannot hold a zero byte"#)
    let long = String(repeating: "a", count: 252)
    #expect(try text(folder.path(long)).contains("File name too long (72 bytes are needed, "))
    try #require(symlink("/dev/full", folder.path("full")) == 0)
    #expect(try text(folder.path("full")) == "full: cannot replace a device by a file")
    #expect(try folder.names == ["full"])
  }

  @Test(.enabled(if: geteuid() != 0, "the superuser may write anywhere"))
  func readOnlyFolder() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write([1, 2, 3])
    try #require(chmod(folder.url.path, 0o500) == 0)
    defer { chmod(folder.url.path, 0o700) }
    let text = try errorText(in: folder) { try SafetensorsWriter.write([Self.tensor], to: path) }
    let start = "a.safetensors: cannot create 'a.safetensors.tmp': Permission denied (72 bytes"
    #expect(text.hasPrefix(start))
    #expect(try contents(path) == [1, 2, 3])
  }

  @Test func fullDisk() throws {
    let descriptor = open("/dev/full", O_WRONLY)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    let file = AtomicFile(path: "/tmp/a", byteCount: 1234, descriptor: descriptor)
    let error = try #require(throws: FileError.self) {
      try [1, 2].withUnsafeBytes { try file.write($0) }
    }
    let start = "/tmp/a: cannot write: No space left on device (1234 bytes are needed, "
    #expect(error.description.hasPrefix(start) && error.description.hasSuffix(" were free)"))
  }

  @Test func whatAKilledWriterLeftIsReplaced() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(Array(repeating: 9, count: 1000), to: "a.tmp")
    try SafetensorsWriter.write([Self.tensor], to: folder.path("a"))
    #expect(try folder.names == ["a"])
    #expect(try SafetensorsFile(contentsOf: folder.path("a")).floats("x") == [1, 2])
  }

  /// A link is not followed to the file it names, which is somebody else's.
  @Test func temporaryFileThatIsNone() throws {
    let folder = try TemporaryFolder()
    let other = try folder.write([1, 2, 3], to: "other")
    try #require(symlink(other, folder.path("a.tmp")) == 0)
    try #require(mkfifo(folder.path("b.tmp"), 0o600) == 0)
    for name in ["a", "b"] {
      let text = try errorText(in: folder) {
        try SafetensorsWriter.write([Self.tensor], to: folder.path(name))
      }
      #expect(text.hasPrefix("\(name): cannot create '\(name).tmp': "))
    }
    #expect(try contents(other) == [1, 2, 3])
    #expect(try folder.names == ["a.tmp", "b.tmp", "other"])
  }

  @Test func secondWriterIsRefused() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("a")
    let outer = OutputTensor(name: "y", shape: [1]) { body in
      let error = try #require(throws: TensorFileError.self) {
        try SafetensorsWriter.write([Self.tensor], to: path)
      }
      #expect(error.description.hasSuffix("/a.tmp' is being written by another"))
      try [3].withUnsafeBufferPointer(body)
    }
    try SafetensorsWriter.write([outer], to: path)
    #expect(try SafetensorsFile(contentsOf: path).floats("y") == [3])
    #expect(try folder.names == ["a"])
  }
}
