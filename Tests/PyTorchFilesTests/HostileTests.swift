import Foundation
import Safetensors
import Testing

@testable import PyTorchFiles

/// Pickles that were made to harm: an error, or a name among what was skipped.
@Suite struct HostileTests {
  @Test func everyOpcodeOfPythonHasItsName() throws {
    let json = try Data(contentsOf: URL(fileURLWithPath: fixture("opcodes.json")))
    let names = try JSONDecoder().decode([String: UInt8].self, from: json)
    #expect(names.count == PickleOpcode.allCases.count)
    for (name, byte) in names { #expect(PickleOpcode(rawValue: byte)?.name == name) }
    for byte in UInt8.min...UInt8.max where !names.values.contains(byte) {
      let text = try fault(checkpoint([byte]))
      #expect(text.hasSuffix("in a pickle: 0x\(String(byte, radix: 16)) is no opcode; damaged?"))
    }
  }

  @Test(arguments: PickleOpcode.allCases)
  func everyOpcodeAloneIsAnError(opcode: PickleOpcode) throws {
    let text = try fault(checkpoint([opcode.rawValue]))
    #expect(text.contains("(\(opcode.name)) in a pickle: ") || text.contains("ends without STOP"))
    // With all that follows being ones, too: nothing traps.
    _ = try fault(checkpoint([opcode.rawValue] + Array(repeating: 1, count: 64)))
    _ = try fault(checkpoint([opcode.rawValue] + Array(repeating: 0xFF, count: 64)))
  }

  /// What Python would call, and the name that is left of it.
  static let calls: [(String, [UInt8], String?)] = [
    ("REDUCE", call("os", "system", text("touch /tmp/x")), "os.system"),
    (
      "STACK_GLOBAL",
      text("builtins") + text("eval") + code(.stackGlobal) + tuple(text("1")) + code(.reduce),
      "builtins.eval"
    ),
    (
      "NEWOBJ", global("subprocess", "Popen") + tuple(text("sh")) + code(.newobj),
      "subprocess.Popen"
    ),
    (
      "NEWOBJ_EX", global("posix", "system") + tuple() + code(.emptyDict, .newobjEx), "posix.system"
    ),
    (
      "BUILD",
      global("a", "b") + code(.emptyTuple, .newobj)
        + dictionary([("__setstate__", global("os", "system"))]) + code(.build), "a.b"
    ),
    (
      "a result that is called",
      global("getattr", "x") + code(.emptyTuple, .reduce, .emptyTuple, .reduce), "getattr.x"
    ),
    ("INST", code(.mark) + text("id") + code(.inst, with: Array("os\nsystem\n".utf8)), nil),
    ("OBJ", code(.mark) + global("os", "system") + text("id") + code(.obj), nil),
    ("EXT1", code(.ext1, with: [1]), nil),
  ]

  @Test(arguments: calls.indices)
  func nothingIsCalled(index: Int) throws {
    let (name, value, found) = Self.calls[index]
    let bytes = checkpoint(beside: value)
    if let found {
      let skipped = try withFile(bytes) { try PyTorchFile(contentsOf: $0) }.skipped
      #expect(skipped.map(\.description) == ["x (\(found))"], "\(name)")
    } else {
      #expect(try fault(bytes).contains("(\(name)) in a pickle: "))
    }
    // In the place of a weight it is no tensor.
    #expect(try fault(checkpoint(pickle(dictionary([("w", value)])))) != "opened")
  }

  @Test func nestingWithoutEnd() throws {
    func many(_ opcode: PickleOpcode, _ count: Int) -> [UInt8] {
      Array(repeating: opcode.rawValue, count: count)
    }
    for value in [
      many(.emptyList, 900_000) + many(.append, 899_999),
      code(.emptyTuple) + many(.tuple1, 1_000_000),
    ] {
      #expect(try fault(checkpoint(pickle(value))).count > 10)
    }
  }

  @Test func dictionariesInEachOther() throws {
    func memo(_ opcode: PickleOpcode, _ place: Int) -> [UInt8] {
      code(opcode, with: [UInt8(place)])
    }
    // {"w": tensor, "x": itself}, and doubling 40 times.
    let cyclic =
      code(.emptyDict) + memo(.binput, 0) + code(.mark) + text("w") + tensor() + text("x")
      + memo(.binget, 0) + code(.setitems)
    let bytes = checkpoint(pickle(cyclic))
    #expect(try withFile(bytes) { try PyTorchFile(contentsOf: $0) }.tensors.count == 1)
    let doubled = (1...40).map { level in
      dictionary(["a", "b"].map { ($0, memo(.binget, level - 1)) }) + memo(.binput, level)
    }
    let all = code(.emptyDict) + memo(.binput, 0) + doubled.flatMap(\.self)
    #expect(
      try fault(checkpoint(pickle(all))).contains("no tensors are in it, but 'a', 'b'"))
  }

  static let pickles: [(String, [UInt8])] = [
    ("(GET) in a pickle: the memo has nothing at 7", [0x67] + Array("7\n".utf8)),
    ("(BINGET) in a pickle: the memo has nothing at 9", [0x68, 9]),
    ("(PUT) in a pickle: the place -1 in the memo is negative", [0x4E, 0x70] + Array("-1\n".utf8)),
    ("(BINBYTES8) in a pickle: expected \(1 << 40) more bytes", [0x8E] + little(1 << 40)),
    (
      "(BINUNICODE8) in a pickle: expected 18446744073709551615",
      [0x8D] + Array(repeating: 255, count: 8)
    ),
    ("(LONG4) in a pickle: expected -1 more bytes", [0x8B, 255, 255, 255, 255]),
    ("(BINSTRING) in a pickle: expected -2147483648", [0x54, 0, 0, 0, 128]),
    ("(FRAME) in a pickle: expected", [0x95] + little(1 << 50)),
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
    let text = try fault(checkpoint(pickle))
    #expect(text.contains(reason), "\(text)")
  }

  static let tensors: [(String, [UInt8])] = [
    ("needs element 4 of its storage, which has 4", tensor([5])),
    ("needs element 4 of its storage, which has 4", tensor(offset: 1)),
    ("needs element 6 of its storage, which has 4", tensor([3], [3])),
    ("a negative size, stride or offset", tensor([-4])),
    ("a negative size, stride or offset", tensor([4], [-1])),
    ("a negative size, stride or offset", tensor(offset: -1)),
    ("1 sizes and 2 strides", tensor([4], [1, 1])),
    ("its storage '0' is not in the file, or shorter than 5 elements", tensor(elements: 5)),
    ("its storage '7' is not in the file", tensor(key: "7")),
    ("its storage '../data.pkl' is not in the file", tensor(key: "../data.pkl")),
    ("a storage of the unknown class torch.EvilStorage", tensor(storage: "EvilStorage")),
    (
      "is a view that repeats the numbers of the file too often",
      tensor([1 << 20, 1 << 10], [0, 0])
    ),
    (
      "a view beyond what can be counted",
      tensor(
        Array(repeating: Int(Int32.max), count: 4), Array(repeating: Int(Int32.max), count: 4))
    ),
  ]

  @Test(arguments: tensors.indices)
  func aTensorThatIsWrong(index: Int) throws {
    let (reason, tensor) = Self.tensors[index]
    let text = try fault(checkpoint(pickle(dictionary([("w", tensor)]))))
    #expect(text.contains(reason), "\(text)")
  }

  @Test func aTensorOfNothingMayBeAnywhere() throws {
    for tensor in [
      tensor([0], offset: 1 << 62), tensor([0, 5], [1 << 62, 1]),
      tensor([5, 0], [1 << 62, 1 << 62]),
    ] {
      try withFile(checkpoint(pickle(dictionary([("w", tensor)])))) { path in
        let file = try PyTorchFile(contentsOf: path)
        #expect(try file.bytes("w").isEmpty && file.floats("w").isEmpty)
      }
    }
  }

  @Test func oneStateDictUnderTwoNames() throws {
    let weights = dictionary([("w", tensor())]) + code(.binput, with: [0])
    let both = dictionary([("student", weights), ("teacher", code(.binget, with: [0]))])
    try withFile(checkpoint(pickle(both))) { path in
      #expect(try PyTorchFile(contentsOf: path).key == "teacher")
      let student = try PyTorchFile(contentsOf: path, key: "student")
      #expect(student.otherKeys == ["teacher"] && student.skipped.isEmpty)
      #expect(try student.bytes("w") == Array(0..<16))
    }
  }

  /// OrderedDict(L, L, …, L), with a long list in the memo, is no longer than L.
  @Test func argumentsAreNotCopiedOneByOne() throws {
    func again(_ place: UInt8, _ count: Int) -> [UInt8] {
      (0..<count).flatMap { _ in code(.binget, with: [place]) }
    }
    let list =
      code(.emptyList) + code(.binput, with: [0]) + code(.mark) + tuple(text("a"), int(1))
      + code(.binput, with: [1]) + again(1, 999) + code(.appends)
    let bytes = checkpoint(
      beside: call("collections", "OrderedDict", list + again(0, 1000)))
    let skipped = try withFile(bytes) { try PyTorchFile(contentsOf: $0) }.skipped
    #expect(skipped.map(\.description) == ["x (a dictionary of 1000)"])
  }
}
