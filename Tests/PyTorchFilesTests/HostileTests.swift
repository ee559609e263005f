import Foundation
import Safetensors
import Testing

@testable import PyTorchFiles

/// Pickles and archives that were made to harm: an error, or a name among what was skipped.
@Suite struct HostileTests {
  private func archive(_ pickle: [UInt8]) -> [UInt8] {
    Archive(pickle: pickle, storages: ["0": fourFloats]).bytes
  }

  @Test func everyOpcodeOfPythonHasItsName() throws {
    let json = try Data(contentsOf: URL(fileURLWithPath: fixture("opcodes.json")))
    let names = try JSONDecoder().decode([String: UInt8].self, from: json)
    #expect(names.count == PickleOpcode.allCases.count)
    for (name, byte) in names { #expect(PickleOpcode(rawValue: byte)?.name == name) }
    for byte in UInt8.min...UInt8.max where !names.values.contains(byte) {
      let text = try fault(archive([byte]))
      #expect(text.hasSuffix("in a pickle: 0x\(String(byte, radix: 16)) is no opcode; damaged?"))
    }
  }

  @Test(arguments: PickleOpcode.allCases)
  func everyOpcodeAloneIsAnError(opcode: PickleOpcode) throws {
    let text = try fault(archive([opcode.rawValue]))
    #expect(text.contains("(\(opcode.name)) in a pickle: ") || text.contains("ends without STOP"))
    // With all that follows being ones, too: nothing traps.
    _ = try fault(archive([opcode.rawValue] + Array(repeating: 1, count: 64)))
    _ = try fault(archive([opcode.rawValue] + Array(repeating: 0xFF, count: 64)))
  }

  /// What Python would call.
  static let calls: [(String, @Sendable (inout PickleWriter) -> Void, String?)] = [
    (
      "REDUCE",
      {
        $0.global("os", "system"); $0.tuple { $0.text("touch /tmp/x") }; $0.op(.reduce)
      }, "os.system"
    ),
    (
      "STACK_GLOBAL",
      {
        $0.text("builtins"); $0.text("eval"); $0.op(.stackGlobal); $0.tuple { $0.text("1") };
        $0.op(.reduce)
      },
      "builtins.eval"
    ),
    (
      "NEWOBJ",
      {
        $0.global("subprocess", "Popen"); $0.tuple { $0.text("sh") }; $0.op(.newobj)
      }, "subprocess.Popen"
    ),
    (
      "NEWOBJ_EX",
      {
        $0.global("posix", "system"); $0.tuple { _ in }; $0.op(.emptyDict); $0.op(.newobjEx)
      }, "posix.system"
    ),
    (
      "BUILD",
      {
        $0.global("a", "b"); $0.op(.emptyTuple); $0.op(.newobj); $0.op(.emptyDict); $0.op(.mark);
        $0.text("__setstate__")
        $0.global("os", "system"); $0.op(.setitems); $0.op(.build)
      }, "a.b"
    ),
    (
      "a result that is called",
      {
        $0.global("getattr", "x"); $0.op(.emptyTuple); $0.op(.reduce); $0.op(.emptyTuple);
        $0.op(.reduce)
      }, "getattr.x"
    ),
    (
      "INST",
      {
        $0.op(.mark); $0.text("id"); $0.op(.inst, Array("os\nsystem\n".utf8))
      }, nil
    ),
    (
      "OBJ",
      {
        $0.op(.mark); $0.global("os", "system"); $0.text("id"); $0.op(.obj)
      }, nil
    ),
    ("EXT1", { $0.op(.ext1, [1]) }, nil),
  ]

  @Test(arguments: calls.indices)
  func nothingIsCalled(index: Int) throws {
    let (name, write, found) = Self.calls[index]
    let bytes = archive(
      PickleWriter.dictionary {
        $0.text("evil"); write(&$0)
      })
    if let found {
      let skipped = try withFile(bytes) { try PyTorchFile(contentsOf: $0) }.skipped
      #expect(skipped.map(\.description) == ["evil (\(found))"], "\(name)")
    } else {
      #expect(try fault(bytes).contains("(\(name)) in a pickle: "))
    }
    // In the place of a weight it is no tensor.
    let only = archive(PickleWriter.dictionary(tensor: write))
    #expect(try fault(only) != "opened")
  }

  @Test func nestingWithoutEnd() throws {
    for (open, close) in [(PickleOpcode.emptyList, PickleOpcode.append), (.emptyTuple, .tuple1)] {
      var p = PickleWriter()
      let depth = open == .emptyTuple ? 1_000_000 : 900_000
      if open == .emptyTuple {
        p.op(open)
      } else {
        p.bytes += Array(repeating: open.rawValue, count: depth)
      }
      p.bytes += Array(repeating: close.rawValue, count: open == .emptyTuple ? depth : depth - 1)
      p.op(.stop)
      #expect(try fault(archive(p.bytes)).count > 10)
    }
  }

  @Test func dictionariesInEachOther() throws {
    // {"w": tensor, "a": itself}, and doubling 40 times: each is looked into once.
    let itself = PickleWriter.dictionary {
      $0.text("x"); $0.op(.binget, [0])
    }
    var cyclic = itself
    cyclic.replaceSubrange(
      2..<3, with: [PickleOpcode.emptyDict.rawValue, PickleOpcode.binput.rawValue, 0])
    #expect(try withFile(archive(cyclic)) { try PyTorchFile(contentsOf: $0) }.tensors.count == 1)
    var p = PickleWriter()
    p.op(.emptyDict)
    p.op(.binput, [0])
    for level in 1...40 {
      p.op(.emptyDict)
      p.op(.mark)
      for key in ["a", "b"] { p.text(key); p.op(.binget, [UInt8(level - 1)]) }
      p.op(.setitems)
      p.op(.binput, [UInt8(level)])
    }
    p.op(.stop)
    #expect(try fault(archive(p.bytes)).contains("no tensors are in it, but 'a', 'b'"))
  }

  static let pickles: [(String, [UInt8])] = [
    ("(GET) in a pickle: the memo has nothing at 7", [0x67] + Array("7\n".utf8)),
    ("(BINGET) in a pickle: the memo has nothing at 9", [0x68, 9]),
    ("(PUT) in a pickle: the place -1 in the memo is negative", [0x4E, 0x70] + Array("-1\n".utf8)),
    ("(BINBYTES8) in a pickle: expected \(1 << 40) more bytes", [0x8E] + littleEndian(1 << 40, 8)),
    (
      "(BINUNICODE8) in a pickle: expected 18446744073709551615",
      [0x8D] + Array(repeating: 255, count: 8)
    ),
    ("(LONG4) in a pickle: expected -1 more bytes", [0x8B, 255, 255, 255, 255]),
    ("(BINSTRING) in a pickle: expected -2147483648", [0x54, 0, 0, 0, 128]),
    ("(FRAME) in a pickle: expected", [0x95] + littleEndian(1 << 50, 8)),
    ("(POP_MARK) in a pickle: there was no MARK", [0x31]),
    ("(TUPLE3) in a pickle: expected 3 values on the stack", [0x4E, 0x4E, 0x87]),
    ("(SETITEMS) in a pickle: a key without a value", [0x7D, 0x28, 0x4E, 0x75]),
    ("(PROTO) in a pickle: expected protocol 0 to 5, found 77", [0x80, 77]),
    ("(REDUCE) in a pickle: ", [0x4E, 0x4E, 0x52]),
    ("(STACK_GLOBAL) in a pickle: expected a module and a name as texts", [0x4E, 0x4E, 0x93]),
    ("(BINPERSID) in a pickle: None, expected the parts of a storage", [0x4E, 0x51]),
    ("the pickle ends without STOP; cut short?", [0x4E]),
    ("expected a dictionary of tensors, found None", [0x4E, 0x2E]),
  ]

  @Test(arguments: pickles.indices)
  func aPickleThatIsWrong(index: Int) throws {
    let (reason, pickle) = Self.pickles[index]
    let text = try fault(archive(pickle))
    #expect(text.contains(reason), "\(text)")
  }

  static let tensors: [(String, @Sendable (inout PickleWriter) -> Void)] = [
    ("needs element 4 of its storage, which has 4", { $0.tensor(shape: [5]) }),
    ("needs element 4 of its storage, which has 4", { $0.tensor(offset: 1) }),
    ("needs element 6 of its storage, which has 4", { $0.tensor(shape: [3], strides: [3]) }),
    ("a negative size, stride or offset", { $0.tensor(shape: [-4]) }),
    ("a negative size, stride or offset", { $0.tensor(strides: [-1]) }),
    ("a negative size, stride or offset", { $0.tensor(offset: -1) }),
    ("1 sizes and 2 strides", { $0.tensor(strides: [1, 1]) }),
    ("its storage '0' is not in the file, or shorter than 5 elements", { $0.tensor(count: 5) }),
    ("its storage '7' is not in the file", { $0.tensor(key: "7") }),
    ("its storage '../data.pkl' is not in the file", { $0.tensor(key: "../data.pkl") }),
    ("a storage of the unknown class torch.EvilStorage", { $0.tensor(storage: "EvilStorage") }),
    (
      "is a view that repeats the numbers of the file too often",
      { $0.tensor(shape: [1 << 20, 1 << 10], strides: [0, 0]) }
    ),
    (
      "a view beyond what can be counted",
      {
        $0.tensor(
          shape: Array(repeating: Int(Int32.max), count: 4),
          strides: Array(repeating: Int(Int32.max), count: 4))
      }
    ),
  ]

  @Test(arguments: tensors.indices)
  func aTensorThatIsWrong(index: Int) throws {
    let (reason, write) = Self.tensors[index]
    let text = try fault(archive(PickleWriter.dictionary(tensor: write)))
    #expect(text.contains(reason), "\(text)")
  }

  @Test func aTensorOfNothingMayBeAnywhere() throws {
    for write in [
      { $0.tensor(offset: 1 << 62, shape: [0]) },
      { $0.tensor(shape: [0, 5], strides: [1 << 62, 1]) },
      { $0.tensor(shape: [5, 0], strides: [1 << 62, 1 << 62]) },
    ] as [(inout PickleWriter) -> Void] {
      try withFile(archive(PickleWriter.dictionary(tensor: write))) { path in
        let file = try PyTorchFile(contentsOf: path)
        #expect(try file.bytes("w").isEmpty && file.floats("w").isEmpty)
      }
    }
  }

  /// OrderedDict(L, L, …, L), with a long list in the memo, is no longer than L.
  @Test func argumentsAreNotCopiedOneByOne() throws {
    let bytes = archive(
      PickleWriter.dictionary { p in
        p.text("d")
        p.global("collections", "OrderedDict")
        p.tuple { p in
          p.op(.emptyList)
          p.op(.binput, [0])
          p.op(.mark)
          p.tuple {
            $0.text("a"); $0.integer(1)
          }
          p.op(.binput, [1])
          for _ in 0..<999 { p.op(.binget, [1]) }
          p.op(.appends)
          for _ in 0..<1000 { p.op(.binget, [0]) }
        }
        p.op(.reduce)
      })
    let skipped = try withFile(bytes) { try PyTorchFile(contentsOf: $0) }.skipped
    #expect(skipped.map(\.description) == ["d (a dictionary of 1000)"])
  }

  static let good = Archive(pickle: PickleWriter.dictionary(), storages: ["0": fourFloats])

  static let archives: [(String, @Sendable (inout Archive) -> Void)] = [
    (
      "'a/data/0' is compressed (method 8), expected it stored as it is",
      { $0.entries[1].method = 8 }
    ),
    ("'a/data/0' is encrypted", { $0.entries[1].flags = 1 }),
    ("'a/data/0' overlaps 'a/data.pkl'", { $0.entries[1].start = 5 }),
    ("'a/data/0' is there twice", { $0.entries.append($0.entries[1]) }),
    (
      "'/etc/passwd' is not named as a file inside of the archive",
      { $0.entries[1].name = "/etc/passwd" }
    ),
    ("'a/../b' is not named as a file inside of the archive", { $0.entries[1].name = "a/../b" }),
    ("'a/data/0' is called 'a/data/1' in its own header", { $0.entries[1].localName = "a/data/1" }),
    ("'a/data/0' has 4294967294 bytes from byte", { $0.entries[1].size = 0xFFFF_FFFE }),
    ("'a/data/0' begins at byte 100000, behind the directory", { $0.entries[1].start = 100_000 }),
    ("2 entries of the archive are called data.pkl", { $0.entries[1].name = "b/data.pkl" }),
    (
      "its numbers are 'big'-endian, expected 'little'",
      { $0.entries.append(.init(name: "a/byteorder", bytes: Array("big".utf8))) }
    ),
  ]

  @Test(arguments: archives.indices)
  func anArchiveThatIsWrong(index: Int) throws {
    #expect(try fault(Self.good.bytes) == "opened")
    let (reason, change) = Self.archives[index]
    var archive = Self.good
    change(&archive)
    let text = try fault(archive.bytes)
    #expect(text.contains(reason), "\(text)")
  }

  @Test func anyByteChanged() throws {
    let bytes = Self.good.bytes
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
