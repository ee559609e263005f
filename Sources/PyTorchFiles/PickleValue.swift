/// A value on the stack of a pickle. What has parts is a number into a table of `PickleHeap`, so
/// that values that hold each other, or are nested without end, cost nothing to look at or to free.
enum PickleValue {
  case none
  case bool(Bool)
  case integer(Int)
  /// A number with a fraction or beyond `Int`, which is not kept.
  case number
  /// A text that may be a name.
  case text(Int)
  /// Bytes, or a text that is too long for a name or is none, which are not kept.
  case bytes
  case list(Int)
  case tuple(Int)
  /// Keys and values in turn.
  case dictionary(Int)
  case set(Int)
  /// A class or function, by its name alone.
  case global(Int)
  /// What would come of a class or function that is not run.
  case object(Int)
  case storage(Int)
  case tensor(Int)
}

/// What a pickle has made, in tables.
struct PickleHeap {
  /// Something that Python would make by running code, and that is known here by a name alone.
  struct Object {
    /// The class ("argparse.Namespace"), the function that would make it, or the kind of a tensor.
    let name: String
    /// Whether it has parts as a `torch.nn.Module` has.
    var isModule = false
  }

  // A training checkpoint of a large model has some 100,000 values and as many items.
  static let maxValues = 1 << 21  // entries of all tables
  static let maxItems = 1 << 22  // what is in all containers

  private(set) var texts: [String] = []
  private(set) var containers: [[PickleValue]] = []
  private(set) var names: [String] = []
  var objects: [Object] = []
  private(set) var storages: [StorageReference] = []
  private(set) var tensors: [StoredTensor] = []
  private var nameIndices: [String: Int] = [:]
  private var valueCount = 0
  private var itemCount = 0

  mutating func text(_ text: String) throws -> PickleValue {
    .text(try add(text, to: \.texts))
  }

  mutating func container(_ items: [PickleValue] = []) throws -> Int {
    try count(items.count)
    return try add(items, to: \.containers)
  }

  mutating func append(_ items: some Collection<PickleValue>, to container: Int) throws {
    try count(items.count)
    containers[container].append(contentsOf: items)
  }

  mutating func global(_ name: String) throws -> PickleValue {
    if let index = nameIndices[name] { return .global(index) }
    let index = try add(name, to: \.names)
    nameIndices[name] = index
    return .global(index)
  }

  mutating func object(_ name: String) throws -> PickleValue {
    .object(try add(Object(name: name), to: \.objects))
  }

  mutating func storage(_ storage: StorageReference) throws -> PickleValue {
    .storage(try add(storage, to: \.storages))
  }

  mutating func tensor(_ tensor: StoredTensor) throws -> PickleValue {
    .tensor(try add(tensor, to: \.tensors))
  }

  private mutating func add<Value>(
    _ value: Value, to table: WritableKeyPath<PickleHeap, [Value]>
  ) throws -> Int {
    valueCount += 1
    guard valueCount <= Self.maxValues else {
      throw PickleFault("more than \(Self.maxValues) values")
    }
    self[keyPath: table].append(value)
    return self[keyPath: table].count - 1
  }

  private mutating func count(_ items: Int) throws {
    itemCount += items
    guard itemCount <= Self.maxItems else {
      throw PickleFault("more than \(Self.maxItems) items in lists and dictionaries")
    }
  }
}

extension PickleHeap {
  /// The text of a value; nil if it is none.
  func text(of value: PickleValue) -> String? {
    if case .text(let index) = value { texts[index] } else { nil }
  }

  /// The name of a class or function; nil if it is none.
  func name(of value: PickleValue) -> String? {
    if case .global(let index) = value { names[index] } else { nil }
  }

  /// The items of a list or tuple; nil if it is none.
  func items(of value: PickleValue) -> [PickleValue]? {
    switch value {
    case .list(let index), .tuple(let index): containers[index]
    default: nil
    }
  }

  /// What a value is, in words.
  func description(of value: PickleValue) -> String {
    switch value {
    case .none: "None"
    case .bool: "a truth value"
    case .integer: "an integer"
    case .number: "a number"
    case .text: "a text"
    case .bytes: "bytes or a long text"
    case .list(let index): "a list of \(containers[index].count)"
    case .tuple(let index): "a tuple of \(containers[index].count)"
    case .dictionary(let index): "a dictionary of \(containers[index].count / 2)"
    case .set(let index): "a set of \(containers[index].count)"
    case .global(let index): names[index]
    case .object(let index): objects[index].name
    case .storage: "a storage"
    case .tensor(let index): "a tensor \(tensors[index].type.rawValue) \(tensors[index].shape)"
    }
  }
}
