extension PickleMachine {
  mutating func execute(_ opcode: PickleOpcode) throws {
    switch opcode {
    case .proto: try checkProtocol()
    case .frame: try bytes.require(try bytes.count(UInt64.self))
    case .stop: break  // the loop ends at it

    case .none: try push(.none)
    case .newtrue, .newfalse: try push(.bool(opcode == .newtrue))
    case .binint: try push(.integer(Int(try bytes.number(Int32.self))))
    case .binint1: try push(.integer(Int(try bytes.number(UInt8.self))))
    case .binint2: try push(.integer(Int(try bytes.number(UInt16.self))))
    case .long1: try pushLong(Int(try bytes.byte()))
    case .long4: try pushLong(try bytes.count(Int32.self))
    case .int, .long: try push(try integer(of: try bytes.line()))
    case .float: try push(try number(of: try bytes.line()))
    case .binfloat:
      try bytes.skip(8)
      try push(.number)

    case .string: try pushText(try quoted(try bytes.line(limit: Self.maxText)))
    case .unicode: try pushText(try unescaped(try bytes.line(limit: Self.maxText)))
    case .shortBinunicode, .shortBinstring: try pushText(count: Int(try bytes.byte()))
    case .binunicode: try pushText(count: try bytes.count(UInt32.self))
    case .binunicode8: try pushText(count: try bytes.count(UInt64.self))
    case .binstring: try pushText(count: try bytes.count(Int32.self))
    case .shortBinbytes: try pushBytes(count: Int(try bytes.byte()))
    case .binbytes: try pushBytes(count: try bytes.count(UInt32.self))
    case .binbytes8, .bytearray8: try pushBytes(count: try bytes.count(UInt64.self))

    case .mark: try mark()
    case .pop: try discard()
    case .popMark: _ = try popMark()
    case .dup: try push(try top)
    case .get: try get(try place(of: try bytes.line()))
    case .binget: try get(Int(try bytes.byte()))
    case .longBinget: try get(Int(try bytes.number(UInt32.self)))
    case .put: try put(try place(of: try bytes.line()))
    case .binput: try put(Int(try bytes.byte()))
    case .longBinput: try put(Int(try bytes.number(UInt32.self)))
    case .memoize: try memoize()

    case .emptyTuple: try push(.tuple(try heap.container()))
    case .emptyList: try push(.list(try heap.container()))
    case .emptyDict: try push(.dictionary(try heap.container()))
    case .emptySet: try push(.set(try heap.container()))
    case .tuple: try push(.tuple(try heap.container(try popMark())))
    case .tuple1: try push(.tuple(try heap.container(try pop(1))))
    case .tuple2: try push(.tuple(try heap.container(try pop(2))))
    case .tuple3: try push(.tuple(try heap.container(try pop(3))))
    case .list: try push(.list(try heap.container(try popMark())))
    case .frozenset: try push(.set(try heap.container(try popMark())))
    case .dict: try push(.dictionary(try heap.container(try pairs(try popMark()))))
    case .append: try add(try pop(1))
    case .appends, .additems: try add(try popMark())
    case .setitem: try set(try pop(2))
    case .setitems: try set(try pairs(try popMark()))

    case .global:
      try pushGlobal(module: try name(try bytes.line()), name: try name(try bytes.line()))
    case .stackGlobal:
      let names = try pop(2).compactMap(heap.text)
      guard names.count == 2 else { throw PickleFault("expected a module and a name as texts") }
      try pushGlobal(module: names[0], name: names[1])
    case .reduce, .newobj:
      let parts = try pop(2)
      try push(try made(by: parts[0], parts[1]))
    case .newobjEx:
      let parts = try pop(3)  // the class, arguments, arguments with names
      try push(try made(by: parts[0], parts[1]))
    case .build: try build(try pop())
    case .binpersid: try push(try persistent(try pop()))

    case .inst, .obj: throw PickleFault("an object of a kind that PyTorch does not write")
    case .ext1, .ext2, .ext4: throw PickleFault("a number that stands for a class of a program")
    case .persid: throw PickleFault("a storage in a form that PyTorch does not write")
    case .nextBuffer, .readonlyBuffer: throw PickleFault("its bytes are not in the file")
    }
  }

  private mutating func checkProtocol() throws {
    let version = try bytes.byte()
    guard version <= 5 else { throw PickleFault("expected protocol 0 to 5, found \(version)") }
  }

  private mutating func pushBytes(count: Int) throws {
    try bytes.skip(count)
    try push(.bytes)
  }

  /// Puts values into the list or set on top.
  private mutating func add(_ items: [PickleValue]) throws {
    switch try top {
    case .list(let index), .set(let index): try heap.append(items, to: index)
    case .object: break
    case let other: throw PickleFault("adds to \(heap.description(of: other))")
    }
  }

  /// Puts keys and values into the dictionary on top.
  private mutating func set(_ pairs: [PickleValue]) throws {
    switch try top {
    case .dictionary(let index): try heap.append(pairs, to: index)
    case .object: break
    case let other: throw PickleFault("sets entries of \(heap.description(of: other))")
    }
  }

  private func pairs(_ items: [PickleValue]) throws -> [PickleValue] {
    guard items.count % 2 == 0 else { throw PickleFault("a key without a value") }
    return items
  }

  private mutating func pushGlobal(module: String, name: String) throws {
    guard module.utf8.count + name.utf8.count < 1 << 12 else {
      throw PickleFault("a name of more than \(1 << 12) bytes")
    }
    try push(try heap.global("\(module).\(name)"))
  }
}
