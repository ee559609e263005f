import Testing

@testable import PyTorchFiles

/// Archives and files of the older form that say what is not so.
struct HostileArchiveTests {
  private static let weights = ZipEntry(
    name: "a/data.pkl", bytes: pickle(dictionary([("w", tensor())])))
  private static let numbers = ZipEntry(name: "a/data/0", bytes: Array(0..<16))

  private static func numbers(_ change: (inout ZipEntry) -> Void) -> [UInt8] {
    var entry = numbers
    change(&entry)
    return zip([weights, entry])
  }

  private static let lies: [([UInt8], String)] = [
    (numbers { $0.unpackedSize = 1 << 30 }, "has 16 bytes stored, 1073741824 bytes in all"),
    (numbers { $0.name = "a\\data" }, "is not named as a file inside of the archive"),
    (numbers { $0.size = 1 << 20 }, "behind the directory"),
    (numbers { $0.start = 170 }, "has no header at byte 170"),
    (zip([weights, weights, numbers]), "zip entry 'a/data.pkl' is there twice"),
  ]

  @Test(arguments: lies)
  func anArchiveThatLiesIsAnError(_ bytes: [UInt8], _ expected: String) throws {
    let error = try errorText(of: bytes)
    #expect(error.contains(expected), "\(error)")
    #expect(!error.contains("\n"))
  }

  @Test func wideFieldsAreRead() throws {
    var wide = Self.numbers
    wide.isWide = true
    let folder = try TemporaryFolder()
    for bytes in [
      zip([Self.weights, wide]), zip([Self.weights, wide], isWide: true),
      zip([Self.weights, Self.numbers], isWide: true),
    ] {
      let file = try PyTorchFile(contentsOf: folder.write(bytes))
      #expect(try file.bytes("w") == Array(0..<16))
    }
  }

  /// Counts of elements, keys and versions of the older form.
  @Test func anOlderFileThatLiesIsAnError() throws {
    let magic: [UInt8] = [
      0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
    ]
    func file(
      version: Int = 1001, isLittle: Bool = true,
      keys: [UInt8] = code(.emptyList) + text("0")
        + code(.append), count: Int64 = 4
    ) -> [UInt8] {
      magic + pickle(int(version))
        + pickle(dictionary([("little_endian", code(isLittle ? .newtrue : .newfalse))]))
        + pickle(dictionary([("w", tensor())])) + pickle(keys) + little(count) + Array(0..<16)
    }
    let folder = try TemporaryFolder()
    #expect(try PyTorchFile(contentsOf: folder.write(file())).bytes("w") == Array(0..<16))
    #expect(try errorText(of: file(version: 1000)).hasPrefix("expected version 1001"))
    #expect(try errorText(of: file(isLittle: false)).contains("its numbers are big-endian"))
    #expect(try errorText(of: file(keys: code(.none))).contains("expected a list of the storages"))
    let twice = code(.emptyList, .mark) + text("0") + text("0") + code(.appends)
    #expect(try errorText(of: file(keys: twice)).contains("is not there; cut short?"))
    for count in [-1, 5, Int64.max, Int64.max / 4] {
      #expect(
        try errorText(of: file(count: count)).contains("bytes follow; cut short?"))
    }
    #expect(try errorText(of: file(count: 3)).contains("shorter than 4 elements"))
  }

  private static let good = [weights, numbers]

  private static let archives: [(String, @Sendable (inout [ZipEntry]) -> Void)] = [
    ("'a/data/0' is compressed (method 8), expected it stored as it is", { $0[1].method = 8 }),
    ("'a/data/0' is encrypted", { $0[1].flags = 1 }),
    ("'a/data/0' overlaps 'a/data.pkl'", { $0[1].start = 5 }),
    ("'a/data/0' is there twice", { $0.append($0[1]) }),
    (
      "'/etc/passwd' is not named as a file inside of the archive", { $0[1].name = "/etc/passwd" }
    ),
    ("'a/../b' is not named as a file inside of the archive", { $0[1].name = "a/../b" }),
    ("'a/data/0' is called 'a/data/1' in its own header", { $0[1].ownName = "a/data/1" }),
    ("'a/data/0' has 4294967294 bytes from byte", { $0[1].size = 0xFFFF_FFFE }),
    ("'a/data/0' begins at byte 100000, behind the directory", { $0[1].start = 100_000 }),
    ("2 entries of the archive are called data.pkl", { $0[1].name = "b/data.pkl" }),
    (
      "its numbers are 'big'-endian, expected 'little'",
      { $0.append(ZipEntry(name: "a/byteorder", bytes: Array("big".utf8))) }
    ),
  ]

  @Test(arguments: archives.indices)
  func anArchiveThatIsWrong(index: Int) throws {
    #expect(try fault(zip(Self.good)) == "opened")
    let (reason, change) = Self.archives[index]
    var archive = Self.good
    change(&archive)
    let text = try fault(zip(archive))
    #expect(text.contains(reason), "\(text)")
  }

  @Test func anyByteChanged() throws {
    let bytes = zip(Self.good)
    for place in bytes.indices {
      for change in [UInt8(1), 0x80, 0xFF] {
        var other = bytes
        other[place] ^= change
        try withFile(other) { path in
          guard let file = try? PyTorchFile(contentsOf: path) else { return }
          for tensor in file.tensors { _ = try? file.bytes(tensor.name) }
        }
      }
    }
  }
}
