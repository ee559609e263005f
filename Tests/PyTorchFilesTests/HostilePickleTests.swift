import Foundation
import Testing

@testable import PyTorchFiles

/// Pickles that were made to harm a program that believes them.
struct HostilePickleTests {
  /// Calls of functions: nothing is called, and the names are told.
  @Test(arguments: [
    ("os", "system"), ("builtins", "eval"), ("posix", "system"), ("__builtin__", "exec"),
    ("subprocess", "Popen"), ("torch", "load"), ("runpy", "_run_code"),
  ])
  func nothingIsCalled(_ module: String, _ name: String) throws {
    let folder = try TemporaryFolder()
    let mark = folder.url.appendingPathComponent("called").path
    let argument = text("touch \(mark.suffix(200))") + code(.tuple1)
    let named = text(module) + text(name) + code(.stackGlobal)
    let forms = [
      global(module, name) + argument + code(.reduce), named + argument + code(.reduce),
      named + argument + code(.newobj), named + argument + code(.emptyDict, .newobjEx),
      // __reduce__ with a state, and __setstate__ of the result of another call.
      global(module, name) + argument + code(.reduce) + dictionary([("a", text("b"))])
        + code(.build),
      call("copyreg", "_reconstructor", named, named, code(.none)) + argument + code(.build),
    ]
    for form in forms {
      let path = try folder.write(checkpoint(beside: form))
      let file = try PyTorchFile(contentsOf: path)
      #expect(file.skipped == [.init(key: "x", kind: "\(module).\(name)")])
      #expect(try file.bytes("w") == Array(0..<16))
    }
    let inst = code(.mark) + argument + code(.inst) + Array("\(module)\n\(name)\n".utf8)
    #expect(try errorText(of: checkpoint(beside: inst)).contains("(INST) in a pickle"))
    let obj = code(.mark) + named + argument + code(.obj)
    #expect(try errorText(of: checkpoint(beside: obj)).contains("(OBJ) in a pickle"))
    #expect(!FileManager.default.fileExists(atPath: mark))
  }

  /// An object of a hostile class in the place of a part of a weight is an error.
  @Test func nothingIsCalledForAWeight() throws {
    let hostile = call("os", "system", text("x"))
    let storage = call(
      "torch._utils", "_rebuild_tensor_v2", hostile, int(0), ints([1]), ints([1]))
    let shape = call(
      "torch._utils", "_rebuild_tensor_v2",
      tuple(text("storage"), global("torch", "FloatStorage"), text("0"), text("cpu"), int(4))
        + code(.binpersid), int(0), hostile, ints([1]))
    #expect(
      try errorText(of: checkpoint(beside: storage))
        .contains("a tensor of os.system, expected a storage"))
    #expect(try errorText(of: checkpoint(beside: shape)).contains("os.system, expected at most 64"))
    let kind =
      tuple(text("storage"), global("os", "system"), text("0"), text("cpu"), int(4))
      + code(.binpersid)
    #expect(
      try errorText(of: checkpoint(beside: kind))
        .contains("a storage of the unknown class os.system"))
    #expect(
      try errorText(of: checkpoint(pickle(hostile)))
        == "expected a dictionary of tensors, found os.system")
  }

  /// What is nested as deep as the file is long: made, held, walked and freed without recursion.
  @Test func deepNestingIsNoHarm() throws {
    let depth = 1_000_000
    let folder = try TemporaryFolder()
    let lists = code(.emptyList) + [UInt8](repeating: PickleOpcode.tuple1.rawValue, count: depth)
    let file = try PyTorchFile(contentsOf: folder.write(checkpoint(beside: lists)))
    #expect(file.skipped.map(\.kind) == ["a tuple of 1"])
    // Dictionaries in dictionaries, under a key that is looked behind.
    let step = code(.emptyDict) + text("k") + code(.binget) + [0] + code(.setitem, .binput) + [0]
    let dictionaries =
      code(.emptyDict, .binput) + [0] + code(.pop)
      + (0..<100_000).flatMap { _ in step + code(.pop) }
      + code(.binget) + [0]
    #expect(
      try PyTorchFile(contentsOf: folder.write(checkpoint(beside: dictionaries)))
        .skipped.map(\.kind) == ["a dictionary of 1"])
    let marks = [UInt8](repeating: PickleOpcode.mark.rawValue, count: 2_000_000)
    #expect(try errorText(of: checkpoint(beside: marks)).contains("more than 1048576 marks"))
    let nones = [UInt8](repeating: PickleOpcode.none.rawValue, count: 2_000_000)
    #expect(try errorText(of: checkpoint(beside: nones)).contains("values on the stack"))
  }

  /// Ten keys at each level lead to one dictionary: 10^n ways in a file of n levels.
  @Test func sharedDictionariesAreNotExpanded() throws {
    func level(_ inner: [UInt8], keys: Int) -> [UInt8] {
      code(.emptyDict, .mark) + (0..<keys).flatMap { text("\($0)") + inner } + code(.setitems)
    }
    var value = level(code(.none), keys: 10) + code(.binput) + [0]
    for _ in 0..<60 {
      value += code(.pop) + level(code(.binget) + [0], keys: 10) + code(.binput) + [0]
    }
    let error = try errorText(of: checkpoint(pickle(value)))
    #expect(error.hasPrefix("no tensors are in it, but '0', '1'"))
    var wide = level(code(.none), keys: 3000) + code(.binput) + [0]
    wide += code(.pop) + level(code(.binget) + [0], keys: 3000)
    #expect(
      try errorText(of: checkpoint(pickle(wide)))
        .hasPrefix("no tensors are in it"))
  }

  /// A dictionary and a list that hold themselves.
  @Test func cyclesEnd() throws {
    let folder = try TemporaryFolder()
    let cycle =
      code(.emptyDict, .binput) + [0] + text("me") + code(.binget) + [0] + code(.setitem)
    let file = try PyTorchFile(contentsOf: folder.write(checkpoint(beside: cycle)))
    #expect(file.skipped.map(\.kind) == ["a dictionary of 1"])
    #expect(try errorText(of: checkpoint(pickle(cycle))).hasPrefix("no tensors are in it"))
    let list = code(.emptyList, .binput) + [0] + code(.binget) + [0] + code(.append)
    #expect(try errorText(of: checkpoint(pickle(list))).hasSuffix("found a list of 1"))
  }

  private static let faults: [([UInt8], String)] = [
    (code(.binget, with: [9]), "the memo has nothing at 9"),
    (code(.longBinget, with: little(UInt32.max)), "the memo has nothing at 4294967295"),
    (code(.none, .put) + Array("-1\n".utf8), "is negative"),
    (code(.get, line: "x"), "is no integer"),
    (code(.binbytes8, with: little(UInt64.max)), "expected 18446744073709551615 more bytes"),
    (code(.binbytes8, with: little(UInt64(1) << 40)), "expected 1099511627776 more bytes"),
    (code(.binunicode8, with: little(UInt64(1) << 40)), "expected 1099511627776 more bytes"),
    (code(.bytearray8, with: little(UInt64.max)), "more bytes, found"),
    (code(.long4, with: little(Int32(-1))), "expected -1 more bytes"),
    (code(.long4, with: little(Int32.max)), "expected 2147483647 more bytes"),
    (code(.binstring, with: little(Int32.min)), "expected -2147483648 more bytes"),
    (code(.frame, with: little(UInt64.max)), "more bytes, found"),
    (code(.int) + [UInt8](repeating: 49, count: 9000) + [10], "a line of more than 4096 bytes"),
    (code(.tuple), "there was no MARK"), (code(.setitems), "there was no MARK"),
    (code(.reduce), "expected 2 values on the stack"),
    (code(.mark, .append), "expected 1 values on the stack"),
    (code(.mark, .pop, .pop, .pop, .pop, .pop), "the stack is empty"),
    (code(.none, .none, .append), "adds to None"), (code(.mark, .none, .dict), "without a value"),
    (code(.none, .none, .stackGlobal), "as texts"),
    (code(.none, .emptyTuple, .reduce), "calls None"),
    (code(.proto, with: [6]), "expected protocol 0 to 5, found 6"),
    (code(.ext1, with: [1]), "(EXT1)"), (code(.ext2, with: [1, 0]), "(EXT2)"),
    (code(.ext4, with: [1, 0, 0, 0]), "(EXT4)"), (code(.persid, line: "0"), "(PERSID)"),
    (code(.nextBuffer), "(NEXT_BUFFER)"), (code(.readonlyBuffer), "(READONLY_BUFFER)"),
    (code(.none, .binpersid), "expected the parts of a storage"),
    (code(.string, line: "'a"), "a text without quotes"),
    (code(.string, line: "'\\xg1'"), "hexadecimal"),
    (code(.unicode, line: "\\ud800"), "is no character"),
  ]

  @Test(arguments: faults)
  func aFaultIsAnErrorWithItsPlace(_ value: [UInt8], _ expected: String) throws {
    let error = try errorText(of: checkpoint(pickle(value)))
    #expect(error.hasPrefix("byte ") && error.contains(" in a pickle: "), "\(error)")
    #expect(error.contains(expected), "\(error)")
  }

  @Test func aPickleWithoutEndIsAnError() throws {
    let whole = pickle(dictionary([("w", tensor())]))
    for count in whole.indices {
      let error = try errorText(of: checkpoint(Array(whole.prefix(count))))
      #expect(error.hasPrefix("byte "), "\(count): \(error)")
    }
  }

  private static let most = Int(Int32.max)

  private static let badViews: [([UInt8], String)] = [
    (tensor([5], [1]), "needs element 4 of its storage, which has 4"),
    (tensor([2], [4]), "needs element 4 of its storage"),
    (tensor([2], [1], offset: 3), "needs element 4 of its storage"),
    (tensor([1], [1], offset: -1), "a negative size, stride or offset"),
    (tensor([-1], [1]), "a negative size, stride or offset"),
    (tensor([2], [-1], offset: 3), "a negative size, stride or offset"),
    (tensor([2, 2], [1]), "2 sizes and 1 strides"),
    (tensor([most, most, most], [most, most, most]), "a view beyond what can be counted"),
    (tensor([most], [0]), "repeats the numbers of the file too often"),
    (tensor([most, most, most], [0, 0, 0]), "more bytes than can be counted"),
    (tensor(elements: 5), "shorter than 5 elements"),
    (tensor(storage: "DoubleStorage"), "shorter than 4 elements"),
    (tensor(key: "1"), "its storage '1' is not in the file"),
    (tensor(key: "../a"), "its storage '../a' is not in the file"),
  ]

  /// Views that reach beyond their storage, and storages beyond the file.
  @Test(arguments: badViews)
  func viewsStayInsideOfTheirStorage(_ value: [UInt8], _ expected: String) throws {
    let error = try errorText(of: checkpoint(pickle(dictionary([("w", value)]))))
    #expect(error.hasPrefix("tensor 'w': ") && error.contains(expected), "\(error)")
  }

  /// A hundred names of one large view.
  @Test func viewsOfTheSameNumbersHaveALimit() throws {
    let view = tensor([1 << 20], [0])
    let content = dictionary((0..<100).map { ("w\($0)", view) })
    let error = try errorText(of: checkpoint(pickle(content)))
    #expect(error.contains("repeats the numbers of the file too often"), "\(error)")
  }
}
