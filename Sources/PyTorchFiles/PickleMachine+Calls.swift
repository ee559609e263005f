import Files
import Safetensors

// What would be calls of functions, and is done here for the few that are known.
extension PickleMachine {
  private static let maxRank = 64

  /// What `callee(*arguments)` gives; an object that has only a name, unless it is known.
  mutating func made(by callee: PickleValue, _ arguments: PickleValue) throws -> PickleValue {
    guard case .tuple(let index) = arguments else {
      if case .object = arguments, case .global = callee {
        return try heap.object(heap.description(of: callee))
      }
      throw PickleFault("arguments that are \(heap.description(of: arguments)), not a tuple")
    }
    switch callee {
    case .object(let object): return try heap.object(heap.objects[object].name)
    case .global(let name): return try made(by: heap.names[name], heap.containers[index])
    default: throw PickleFault("calls \(heap.description(of: callee))")
    }
  }

  private mutating func made(by name: String, _ arguments: [PickleValue]) throws -> PickleValue {
    switch name {
    case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2":
      return try tensor(arguments)
    case "torch._utils._rebuild_tensor_v3":
      guard arguments.count >= 7 else { throw PickleFault("a tensor of \(arguments.count) parts") }
      return try tensor(arguments, type: arguments[6])
    case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
      return try weight(arguments.first)
    case "torch._tensor._rebuild_from_type_v2":
      // The function, the class that the tensor then gets, the arguments, and the state.
      guard arguments.count == 4, let function = heap.name(of: arguments[0]), function != name,
        case .tuple(let index) = arguments[2]
      else { throw PickleFault("a tensor of a class of its own in an unknown form") }
      return try made(by: function, heap.containers[index])
    case "torch.Size":
      guard let items = arguments.first.flatMap(heap.items) else { return try heap.object(name) }
      return .tuple(try heap.container(items))
    case "_codecs.encode": return .bytes
    case "copyreg._reconstructor", "copy_reg._reconstructor":
      return try heap.object(arguments.first.flatMap(heap.name) ?? name)
    case _ where TorchNames.dictionaries.contains(name): return try dictionary(arguments)
    case _ where TorchNames.sets.contains(name):
      return .set(try heap.container(arguments.first.flatMap(heap.items) ?? []))
    default: return try heap.object(TorchNames.otherTensors[name] ?? name)
    }
  }

  /// What a parameter wraps.
  private func weight(_ value: PickleValue?) throws -> PickleValue {
    switch value {
    case .tensor, .object: value!
    default:
      throw PickleFault(
        "a parameter of \(value.map(heap.description) ?? "nothing"), expected a tensor")
    }
  }

  /// A dictionary of the pairs in the last argument, if that has some.
  private mutating func dictionary(_ arguments: [PickleValue]) throws -> PickleValue {
    var entries: [PickleValue] = []
    // The last alone: a default comes before it, and what is referred to often is not copied often.
    if case .dictionary(let index)? = arguments.last {
      entries = heap.containers[index]
    } else if let items = arguments.last.flatMap(heap.items) {
      for item in items {
        guard let pair = heap.items(of: item), pair.count == 2 else {
          throw PickleFault("a dictionary of \(heap.description(of: item)), expected pairs")
        }
        entries += pair
      }
    }
    return .dictionary(try heap.container(entries))
  }

  /// A tensor of storage, offset, sizes, strides, whether it is trained, and hooks; with the
  /// type, which is the storage's if there is none here, and metadata.
  private mutating func tensor(
    _ parts: [PickleValue], type: PickleValue? = nil
  ) throws -> PickleValue {
    guard parts.count >= 4 else { throw PickleFault("a tensor of \(parts.count) parts") }
    guard case .storage(let index) = parts[0] else {
      throw PickleFault("a tensor of \(heap.description(of: parts[0])), expected a storage")
    }
    let storage = heap.storages[index]
    guard case .integer(let offset) = parts[1] else {
      throw PickleFault("a tensor at \(heap.description(of: parts[1])), expected an integer")
    }
    let (shape, strides) = (try integers(parts[2]), try integers(parts[3]))
    if let kind = storage.type.kind { return try heap.object(kind) }
    // Numbers whose sign or imaginary part is still to be turned.
    let metadata = type == nil ? 6 : 7
    if parts.count > metadata, case .dictionary(let index) = parts[metadata],
      !heap.containers[index].isEmpty
    {
      return try heap.object("a tensor with a pending operation")
    }
    var element = storage.type.element
    if let type {
      guard storage.type.isUntyped, let name = heap.name(of: type) else {
        throw PickleFault("a tensor of type \(heap.description(of: type)) in a typed storage")
      }
      element = TorchNames.types[name]
      if element == nil { return try heap.object("a tensor of type \(name)") }
    }
    guard let element else { throw PickleFault("a tensor without a type") }
    return try heap.tensor(
      StoredTensor(
        storage: storage, type: element, offset: offset, shape: shape, strides: strides))
  }

  private func integers(_ value: PickleValue) throws -> [Int] {
    guard let items = heap.items(of: value), items.count <= Self.maxRank else {
      throw PickleFault(
        "\(heap.description(of: value)), expected at most \(Self.maxRank) integers")
    }
    return try items.map { item in
      guard case .integer(let size) = item else {
        throw PickleFault("\(heap.description(of: item)) among sizes or strides")
      }
      return size
    }
  }

  /// What a program would do with a state; only whether it is that of a module is looked at.
  mutating func build(_ state: PickleValue) throws {
    guard case .object(let index) = try top else { return }
    if case .dictionary(let entries) = state {
      let keys = heap.containers[entries].prefix(64).compactMap(heap.text)
      if keys.contains("_modules") || keys.contains("_parameters") {
        heap.objects[index].isModule = true
      }
    }
  }

  /// A storage, from ("storage", class, key, device, elements) and in the older form a view.
  mutating func persistent(_ value: PickleValue) throws -> PickleValue {
    guard case .tuple(let index) = value, let kind = heap.containers[index].first else {
      throw PickleFault("\(heap.description(of: value)), expected the parts of a storage")
    }
    let parts = heap.containers[index]
    // The older form keeps the source of a module's class beside it.
    if heap.text(of: kind) == "module", parts.count > 1, heap.name(of: parts[1]) != nil {
      return parts[1]
    }
    guard heap.text(of: kind) == "storage", parts.count >= 5,
      let name = heap.name(of: parts[1]), let key = heap.text(of: parts[2]),
      case .integer(let count) = parts[4], count >= 0
    else { throw PickleFault("expected ('storage', class, key, device, elements)") }
    guard let type = StorageType(name) else {
      throw PickleFault("a storage of the unknown class \(name.printable())")
    }
    var elements = 0..<count
    if parts.count > 5, let view = heap.items(of: parts[5]) {
      guard view.count == 3, case .integer(let start) = view[1], case .integer(let size) = view[2],
        start >= 0, size >= 0, start <= count, size <= count - start
      else { throw PickleFault("a view of a storage that is not inside of it") }
      elements = start..<start + size
    }
    return try heap.storage(
      StorageReference(key: key, type: type, count: count, elements: elements))
  }
}
