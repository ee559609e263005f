import Testing

@testable import PyTorchFiles

struct OpcodeTests {
  private static let plainData: [[UInt8]] = [
    code(.int, line: "5"), code(.int, line: "01"), code(.binint1, with: [5]),
    code(.binint2, with: [5, 0]), code(.long, line: "5L"),
    code(.long, line: "99999999999999999999L"), code(.long1, with: [1, 5]),
    code(.long1, with: [9]) + [UInt8](repeating: 255, count: 9),
    code(.long4, with: little(Int32(1))) + [5],
    code(.float, line: "0.5"), code(.binfloat) + [UInt8](repeating: 0, count: 8),
    code(.string, line: "'a\\x41\\n'"), code(.binstring, with: little(Int32(1))) + [65],
    code(.shortBinstring, with: [1, 255]), code(.unicode, line: "a\\u00e9"),
    code(.binunicode, with: little(UInt32(1))) + [65],
    code(.binunicode8, with: little(UInt64(1))) + [65],
    code(.shortBinbytes, with: [1, 0]), code(.binbytes, with: little(UInt32(1))) + [0],
    code(.binbytes8, with: little(UInt64(1))) + [0],
    code(.bytearray8, with: little(UInt64(1))) + [0],
    code(.mark, .none, .list), code(.emptyList, .none, .append),
    code(.emptyList, .mark, .none, .appends), code(.mark, .none, .tuple),
    code(.none, .tuple1), code(.none, .none, .tuple2), code(.none, .none, .none, .tuple3),
    code(.emptyTuple), code(.mark, .none, .none, .dict), code(.emptyDict, .none, .none, .setitem),
    code(.emptySet, .mark, .none, .additems), code(.mark, .none, .frozenset),
    code(.none, .dup, .pop), code(.mark, .none, .popMark, .none), code(.mark, .pop, .none),
    code(.none, .put) + Array("7\n".utf8) + code(.pop, .get) + Array("7\n".utf8),
    code(.none, .binput) + [7] + code(.pop, .binget) + [7],
    code(.none, .longBinput) + little(UInt32(70_000)) + code(.pop, .longBinget)
      + little(UInt32(70_000)),
    code(.none, .memoize, .pop, .binget) + [0], code(.frame, with: little(UInt64(1))) + code(.none),
    code(.newtrue), code(.newfalse),
  ]

  /// Every form of a number, a text, a container and the memo, as the name of a weight or beside.
  @Test(arguments: plainData)
  func everyFormOfPlainDataIsRead(_ value: [UInt8]) throws {
    let folder = try TemporaryFolder()
    let file = try PyTorchFile(contentsOf: folder.write(checkpoint(beside: value)))
    #expect(file.tensors.map(\.name) == ["w"])
    #expect(file.skipped.map(\.key) == ["x"])
    #expect(try file.bytes("w") == Array(0..<16))
  }

  @Test func namesAsPython2WritesThemAreRead() throws {
    let name = code(.shortBinstring) + [1, UInt8(ascii: "w")]
    let folder = try TemporaryFolder()
    let bytes = checkpoint(pickle(code(.emptyDict) + name + tensor() + code(.setitem)))
    #expect(try PyTorchFile(contentsOf: folder.write(bytes)).tensors.map(\.name) == ["w"])
  }
}
