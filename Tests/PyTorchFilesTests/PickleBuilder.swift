@testable import PyTorchFiles

// Parts of pickles, as bytes.

func code(_ opcodes: PickleOpcode...) -> [UInt8] { opcodes.map(\.rawValue) }

/// An opcode with its argument.
func code(_ opcode: PickleOpcode, with bytes: [UInt8]) -> [UInt8] { [opcode.rawValue] + bytes }

func code(_ opcode: PickleOpcode, line: String) -> [UInt8] {
  code(opcode, with: Array("\(line)\n".utf8))
}

func text(_ text: String) -> [UInt8] {
  code(.shortBinunicode) + [UInt8(text.utf8.count)] + Array(text.utf8)
}

func int(_ value: Int) -> [UInt8] {
  guard let short = Int32(exactly: value) else { return code(.long1) + [8] + little(value) }
  return code(.binint) + little(short)
}

func tuple(_ items: [UInt8]...) -> [UInt8] { code(.mark) + items.flatMap(\.self) + code(.tuple) }

func ints(_ values: [Int]) -> [UInt8] {
  code(.mark) + values.flatMap { int($0) } + code(.tuple)
}

func global(_ module: String, _ name: String) -> [UInt8] {
  code(.global) + Array("\(module)\n\(name)\n".utf8)
}

func call(_ module: String, _ name: String, _ arguments: [UInt8]...) -> [UInt8] {
  global(module, name) + code(.mark) + arguments.flatMap(\.self) + code(.tuple, .reduce)
}

/// A tensor of F32 in the storage '0', which has four numbers.
func tensor(
  _ shape: [Int] = [4], _ strides: [Int] = [1], offset: Int = 0, elements: Int = 4,
  storage: String = "FloatStorage", key: String = "0"
) -> [UInt8] {
  call(
    "torch._utils", "_rebuild_tensor_v2",
    tuple(text("storage"), global("torch", storage), text(key), text("cpu"), int(elements))
      + code(.binpersid),
    int(offset), ints(shape), ints(strides), code(.newfalse), code(.none))
}

/// A dictionary of these names and values.
func dictionary(_ pairs: [(String, [UInt8])]) -> [UInt8] {
  code(.emptyDict, .mark) + pairs.flatMap { text($0.0) + $0.1 } + code(.setitems)
}

/// A whole pickle of a value.
func pickle(_ value: [UInt8]) -> [UInt8] { code(.proto) + [2] + value + code(.stop) }

/// A checkpoint of one weight 'w', and beside it a value 'x'.
func checkpoint(beside value: [UInt8]) -> [UInt8] {
  checkpoint(pickle(dictionary([("w", tensor()), ("x", value)])))
}
