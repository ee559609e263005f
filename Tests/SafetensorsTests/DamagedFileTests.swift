import Foundation
import Testing

@testable import Safetensors

/// Files that are cut, changed, something else, or no files at all.
@Suite struct DamagedFileTests {
  @Test(arguments: ["types", "shapes", "golden"])
  func cutAtAnyByte(name: String) throws {
    let folder = try TemporaryFolder()
    let bytes = try contents(fixture("\(name).safetensors"))
    let path = try folder.write(bytes + [0])
    #expect(throws: TensorFileError.self) { try SafetensorsFile(contentsOf: path) }
    for length in (0..<bytes.count).reversed() {
      try #require(truncate(path, length) == 0)
      #expect(throws: TensorFileError.self, "\(length)") {
        try SafetensorsFile(contentsOf: path)
      }
    }
  }

  /// Every bit of the length and the header is turned, and every byte replaced by some that mean
  /// something in JSON. What can still be parsed must be readable.
  @Test(arguments: ["shapes", "golden"])
  func changedAtAnyByteOfTheHeader(name: String) throws {
    let folder = try TemporaryFolder()
    let bytes = try contents(fixture("\(name).safetensors"))
    let headerEnd = 8 + Int(bytes[0]) + Int(bytes[1]) << 8
    let path = try folder.write(bytes)
    let descriptor = open(path, O_WRONLY)
    defer { close(descriptor) }
    func put(_ byte: UInt8, at index: Int) throws {
      try #require(withUnsafeBytes(of: byte) { pwrite(descriptor, $0.baseAddress, 1, index) } == 1)
    }
    var accepted = 0
    for index in 0..<headerEnd {
      let turned = (0..<8).map { bytes[index] ^ (1 << $0) }
      for byte in turned + [UInt8](#"{}[]":,\ 09-u"#.utf8) + [0, 255] where byte != bytes[index] {
        try put(byte, at: index)
        do {
          let file = try SafetensorsFile(contentsOf: path)
          for tensor in file.tensors { #expect(try file.floats(tensor.name).count == tensor.count) }
          accepted += 1
        } catch is TensorFileError {}
      }
      try put(bytes[index], at: index)
    }
    #expect(accepted > 100, "a letter of a name may change")
  }

  @Test func lengthOfTheHeader() throws {
    func text(_ length: UInt64, size: Int = 10) throws -> String {
      let prefix = withUnsafeBytes(of: length.littleEndian) { [UInt8]($0) }
      return try errorText(reading: prefix + [UInt8](repeating: 0x7B, count: size))
    }
    let start = "a.safetensors: not a safetensors file: the"
    #expect(try text(0) == "\(start) length of the header is 0")
    #expect(try text(11) == "\(start) header's length is 11, but only 10 bytes follow")
    #expect(
      try text(100_000_000) == "\(start) header's length is 100000000, but only 10 bytes follow")
    for length in [100_000_001, 1 << 63, UInt64.max] {
      #expect(
        try text(length) == "\(start) header's length is \(length), the limit is 100000000 bytes")
    }
    #expect(
      try errorText(reading: [1, 2, 3])
        == "a.safetensors: not a safetensors file: expected at least 8 bytes, found 3")
    #expect(
      try errorText(reading: [])
        == "a.safetensors: not a safetensors file: expected at least 8 bytes, found 0")
  }

  static let foreign: [([UInt8], String)] = [
    (
      Array("PK\u{3}\u{4}\0\0\u{8}\u{8}\0\0\0\0".utf8),
      "found a zip archive (a PyTorch checkpoint?) that is cut short; download it again"
    ),
    (
      [0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20],
      "found a Python pickle that PyTorch did not write, or an older checkpoint that is damaged; "
        + "save a state_dict() with PyTorch"
    ),
    (
      [0x80, 4, 0x95, 2, 0, 0, 0, 0, 0, 0, 0, 0x7D, 0x2E],
      "found a Python pickle that PyTorch did not write, or an older checkpoint that is damaged; "
        + "save a state_dict() with PyTorch"
    ),
    (
      Array("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n".utf8),
      "found a Git LFS pointer; fetch the file with git lfs pull"
    ),
    (Array("<!DOCTYPE html>".utf8), "found a web page; download the file again"),
  ]

  @Test(arguments: foreign)
  func otherFormat(bytes: [UInt8], error: String) throws {
    let text = try errorText(reading: bytes)
    #expect(text == "a.safetensors: expected safetensors, \(error)")
  }

  /// A header of 640 bytes begins as a pickle does, and is none.
  @Test func lengthThatLooksLikeAPickle() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(fileBytes("{}" + String(repeating: " ", count: 638)))
    #expect(try contents(path).prefix(2) == [0x80, 2])
    #expect(try SafetensorsFile(contentsOf: path).tensors.isEmpty)
  }

  @Test func notARegularFile() throws {
    let folder = try TemporaryFolder()
    func text(_ path: String) throws -> String {
      try errorText(in: folder) { _ = try SafetensorsFile(contentsOf: path) }
    }
    try #require(mkfifo(folder.path("fifo"), 0o600) == 0)
    try #require(symlink("loop", folder.path("loop")) == 0)
    #expect(try text(folder.path("fifo")) == "fifo: expected a safetensors file, found a pipe")
    #expect(try text("/dev/zero") == "/dev/zero: expected a safetensors file, found a device")
    #expect(
      try text("/proc/self") == "/proc/self: expected a safetensors file, found a directory")
    #expect(try text("") == ": cannot open: No such file or directory")
    #expect(
      try text(folder.path("no\n")) == #"no\n: cannot open: No such file or directory"#)
    #expect(try text("a\0b") == #"a\u{0}b: a path cannot hold a zero byte"#)
    #expect(try text(folder.path("loop")).hasPrefix("loop: cannot open: Too many levels"))
  }

  @Test(.enabled(if: geteuid() != 0, "the superuser may read everything"))
  func notReadable() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(fileBytes("{}"))
    try #require(chmod(path, 0) == 0)
    #expect(
      try errorText(in: folder) { _ = try SafetensorsFile(contentsOf: path) }
        == "a.safetensors: cannot open: Permission denied")
  }

  /// A mapped file would end the process here.
  @Test func cutAfterItWasOpened() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      fileBytes(.f32, shape: [4096], data: Array(repeating: 0, count: 16384)))
    let file = try SafetensorsFile(contentsOf: path)
    let size = try contents(path).count
    try #require(truncate(path, 100) == 0)
    let error =
      "a.safetensors: tensor 'x': the file now ends at byte 100, "
      + "it had \(size) bytes when opened"
    for read in [{ _ = try file.floats("x") }, { _ = try file.bytes("x") }] {
      #expect(try errorText(in: folder, read) == error)
    }
  }

  @Test func replacedAfterItWasOpened() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(fileBytes(.u8, shape: [2], data: [1, 2]))
    let file = try SafetensorsFile(contentsOf: path)
    let new = OutputTensor(name: "x", type: .u8, shape: [2], bytes: [3, 4])
    try SafetensorsWriter.write([new], to: path)
    #expect(try file.integers("x") == [1, 2])
    #expect(try SafetensorsFile(contentsOf: path).integers("x") == [3, 4])
  }
}
