import Files
import Safetensors

/// The content of a pickle, read without running anything of it.
///
/// A pickle is a program for a machine with a stack: Python's runs whatever functions it names.
/// This one makes numbers, texts, containers and tensors; any other class or function leaves an
/// object that is known by its name alone. Nothing here goes deeper for a deeper input.
///
/// Source: Python's `pickle`, protocols 0 to 5, and `torch.serialization`.
struct Pickle {
  let root: PickleValue
  let heap: PickleHeap

  /// Reads a pickle, and leaves `bytes` behind its end.
  init(reading bytes: inout PickleBytes) throws {
    var machine = PickleMachine(bytes)
    root = try machine.run()
    (heap, bytes) = (machine.heap, machine.bytes)
  }
}

struct PickleMachine {
  static let maxSize = 256 << 20  // bytes of a pickle
  private static let maxStack = 1 << 20
  private static let maxMemo = 1 << 22

  var bytes: PickleBytes
  var heap = PickleHeap()
  private var stack: [PickleValue] = []
  /// How high the stack was at each MARK that is open.
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]

  init(_ bytes: PickleBytes) { self.bytes = bytes }

  mutating func run() throws -> PickleValue {
    let start = bytes.position
    while true {
      let position = bytes.position
      var opcode: PickleOpcode?
      do {
        guard position - start < Self.maxSize else {
          throw PickleFault("more than \(Self.maxSize) bytes")
        }
        let byte = try bytes.byte()
        guard let known = PickleOpcode(rawValue: byte) else {
          throw PickleFault("0x\(String(byte, radix: 16)) is no opcode; damaged?")
        }
        opcode = known
        if known == .stop { return try pop() }
        try execute(known)
      } catch let fault as PickleFault {
        let name = opcode.map { " (\($0.name))" } ?? ""
        throw TensorFileError(
          path: bytes.path,
          reason: "byte \(position) of the file\(name) in a pickle: \(fault.reason)")
      } catch let error as FileError {
        throw TensorFileError(error)
      }
    }
  }
}

// The stack, the marks and the memo.
extension PickleMachine {
  mutating func push(_ value: PickleValue) throws {
    guard stack.count < Self.maxStack else {
      throw PickleFault("more than \(Self.maxStack) values on the stack")
    }
    stack.append(value)
  }

  /// The value on top, which stays; one below a MARK is out of reach.
  var top: PickleValue {
    get throws {
      guard stack.count > marks.last ?? 0, let value = stack.last else {
        throw PickleFault("the stack is empty")
      }
      return value
    }
  }

  mutating func pop() throws -> PickleValue {
    let value = try top
    stack.removeLast()
    return value
  }

  /// The `count` values on top, the last of them the topmost.
  mutating func pop(_ count: Int) throws -> [PickleValue] {
    guard stack.count - (marks.last ?? 0) >= count else {
      throw PickleFault("expected \(count) values on the stack")
    }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  mutating func mark() throws {
    guard marks.count < Self.maxStack else {
      throw PickleFault("more than \(Self.maxStack) marks")
    }
    marks.append(stack.count)
  }

  /// The values above the last MARK.
  mutating func popMark() throws -> [PickleValue] {
    guard let mark = marks.popLast() else { throw PickleFault("there was no MARK") }
    defer { stack.removeLast(stack.count - mark) }
    return Array(stack[mark...])
  }

  /// Takes away the value on top, or the MARK if that is on top.
  mutating func discard() throws {
    if marks.last == stack.count {
      marks.removeLast()
    } else {
      _ = try pop()
    }
  }

  mutating func put(_ index: Int) throws {
    guard index >= 0 else { throw PickleFault("the place \(index) in the memo is negative") }
    memo[index] = try top
    guard memo.count <= Self.maxMemo else {
      throw PickleFault("more than \(Self.maxMemo) values in the memo")
    }
  }

  /// Puts at the first place after those that are taken, as many as there are.
  mutating func memoize() throws { try put(memo.count) }

  mutating func get(_ index: Int) throws {
    guard let value = memo[index] else { throw PickleFault("the memo has nothing at \(index)") }
    try push(value)
  }
}
