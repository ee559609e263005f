import Fetching
import Foundation
import Testing

@Suite struct SHA256Tests {
  /// Source: NIST, FIPS 180-2 with change notice 1, appendix B, and "Examples with Intermediate
  /// Values" of the Cryptographic Standards and Guidelines.
  private static let published = [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      String(repeating: "a", count: 1_000_000),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    ),
  ]

  @Test func publishedDigests() {
    for (text, digest) in Self.published {
      var hash = SHA256()
      hash.add(Array(text.utf8))
      #expect(hash.digest == digest)
    }
  }

  /// Every length around that of a block, in pieces of every size.
  @Test func piecesDoNotMatter() {
    for count in 0..<200 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ count) }
      var whole = SHA256()
      whole.add(bytes)
      for size in [1, 7, 63, 64, 65, 128] {
        var pieces = SHA256()
        for start in stride(from: 0, to: count, by: size) {
          pieces.add(Array(bytes[start..<min(count, start + size)]))
        }
        #expect(pieces.digest == whole.digest, "\(count) bytes by \(size)")
      }
    }
  }

  /// Against coreutils, where it is installed, for lengths on both sides of where padding takes
  /// another block.
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/sha256sum")))
  func filesAsSha256sum() throws {
    let folder = NSTemporaryDirectory() + "convit-sha256-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let paths = [0, 1, 54, 55, 56, 57, 63, 64, 65, 119, 120, 1 << 20, (1 << 20) + 77].map {
      "\(folder)/\($0)"
    }
    for path in paths {
      let count = Int((path as NSString).lastPathComponent) ?? 0
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ ($0 >> 8)) }
      try Data(bytes).write(to: URL(fileURLWithPath: path))
    }
    let (process, pipe) = (Process(), Pipe())
    process.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
    (process.arguments, process.standardOutput) = (paths, pipe)
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let digests = text.split(separator: "\n").map { String($0.prefix(64)) }
    #expect(try paths.map { try SHA256.digest(ofFile: $0) } == digests)
  }
}
