import Files

/// A dictionary of tensors in a checkpoint, and what is beside it.
struct StateDict {
  let key: String?
  let otherKeys: [String]
  let tensors: [(name: String, tensor: StoredTensor)]
  let skipped: [PyTorchFile.Skipped]

  /// What is taken first where a checkpoint holds several.
  private static let known = [
    "model", "state_dict", "model_ema", "state_dict_ema", "teacher", "student",
  ]
  private static let maxDepth = 3
  private static let maxDictionaries = 10_000  // that are looked into
  private static let maxNames = 4  // of a dictionary

  /// - Throws: `PickleFault` where there is no state dict, or a choice.
  init(in pickle: Pickle, key asked: String?) throws {
    let heap = pickle.heap
    guard case .dictionary(let root) = pickle.root else {
      let isModule = heap.isModule(pickle.root)
      throw PickleFault(
        isModule
          ? "a whole module was pickled (\(heap.description(of: pickle.root))); save its "
            + "state_dict() with PyTorch"
          : "expected a dictionary of tensors, found \(heap.description(of: pickle.root))")
    }
    let found = Self.search(heap, root)
    func tensorCount(_ dictionary: Int) -> Int {
      heap.entries(of: dictionary).reduce(0) { if case .tensor = $1.value { $0 + 1 } else { $0 } }
    }
    let counts = found.map { tensorCount($0.dictionary) }
    let most = counts.max() ?? 0
    // Not a loss or the like, which has a tensor or two.
    let models = zip(found, counts).filter { 4 * $1 >= most }.map(\.0)
    let listed = shortened(
      zip(found, counts).map {
        "'\($0.key.printable(limit: 60))' (\(counted($1, "tensor", "tensors")))"
      })
    let chosen: (key: String?, dictionary: Int)
    if let asked {
      guard let match = found.first(where: { $0.key == asked }) else {
        throw PickleFault(
          "no state dict under '\(asked.printable(limit: 60))' (--key); "
            + (found.isEmpty ? "there are none" : "there are \(listed)"))
      }
      chosen = (match.key, match.dictionary)
    } else if tensorCount(root) > most {
      chosen = (nil, root)
    } else if let first = Self.known.lazy.compactMap({ name in found.first { $0.key == name } })
      .first
    {
      chosen = (first.key, first.dictionary)
    } else if models.count == 1 {
      chosen = (models[0].key, models[0].dictionary)
    } else if models.isEmpty {
      let entries = heap.entries(of: root)
      let module = entries.first { heap.isModule($0.value) }
      let keys = shortened(entries.map { "'\($0.key.printable(limit: 40))'" }, to: 6)
      throw PickleFault(
        module.map {
          "'\($0.key.printable(limit: 60))' is a whole module that was pickled; save its "
            + "state_dict() with PyTorch"
        } ?? (entries.isEmpty ? "it is empty" : "no tensors are in it, but \(keys)"))
    } else {
      throw PickleFault("it holds several state dicts; choose one with --key: \(listed)")
    }
    key = chosen.key
    otherKeys = models.map(\.key).filter { $0 != chosen.key }
    var (tensors, skipped): ([(String, StoredTensor)], [PyTorchFile.Skipped]) = ([], [])
    for (name, value) in heap.entries(of: chosen.dictionary) {
      if case .tensor(let index) = value {
        tensors.append((name, heap.tensors[index]))
      } else {
        skipped.append(.init(key: name, kind: heap.description(of: value)))
      }
    }
    if chosen.key != nil {
      let parts = Set(found.flatMap { [$0.key, String($0.key.prefix { $0 != "." })] })
      for (name, value) in heap.entries(of: root) where !parts.contains(name) {
        skipped.append(.init(key: name, kind: heap.description(of: value)))
      }
    }
    (self.tensors, self.skipped) = (tensors, skipped)
  }

  /// The dictionaries with tensors in them within a dictionary, by the keys that lead there. One
  /// that is referred to again and again, as a teacher that is the student, has a few of its names.
  private static func search(_ heap: PickleHeap, _ root: Int) -> [(key: String, dictionary: Int)] {
    var (found, level) = ([(key: String, dictionary: Int)](), [(key: "", dictionary: root)])
    var (uses, count): ([Int: Int], Int) = ([root: maxNames], 0)
    for _ in 0..<maxDepth {
      var next: [(key: String, dictionary: Int)] = []
      for (path, dictionary) in level {
        for (key, value) in heap.entries(of: dictionary) {
          guard case .dictionary(let inner) = value, count < maxDictionaries,
            uses[inner, default: 0] < maxNames
          else { continue }
          uses[inner, default: 0] += 1
          count += 1
          next.append((path.isEmpty ? key : "\(path).\(key)", inner))
        }
      }
      found += next.filter { _, dictionary in
        heap.entries(of: dictionary).contains { if case .tensor = $0.value { true } else { false } }
      }
      level = next
    }
    return found
  }
}

extension PickleHeap {
  /// The entries of a dictionary whose keys are texts: of a key that is there twice, the last.
  func entries(of dictionary: Int) -> [(key: String, value: PickleValue)] {
    let items = containers[dictionary]
    var (entries, places): ([(key: String, value: PickleValue)], [String: Int]) = ([], [:])
    for index in stride(from: 0, to: items.count - 1, by: 2) {
      guard let key = text(of: items[index]) else { continue }
      if let place = places[key] {
        entries[place].value = items[index + 1]
      } else {
        places[key] = entries.count
        entries.append((key, items[index + 1]))
      }
    }
    return entries
  }

  /// What a dictionary has under a key.
  func value(of key: String, in value: PickleValue) -> PickleValue? {
    guard case .dictionary(let index) = value else { return nil }
    return entries(of: index).last { $0.key == key }?.value
  }

  func isModule(_ value: PickleValue) -> Bool {
    if case .object(let index) = value { objects[index].isModule } else { false }
  }
}
