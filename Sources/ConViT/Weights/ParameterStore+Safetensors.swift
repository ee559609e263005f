import Autodiff
import Files
import Safetensors

extension ParameterStore {
  /// The weights of a model from a file, which must have each of them and nothing else but what is
  /// of no model: tensors of whole numbers, or of a single one, such as `n_averaged`.
  ///
  /// `replaced` are values to take in place of the file's, made once all else is known to fit. What
  /// is `optional` the file need not have, or has in another shape (a head for other classes): it
  /// keeps the value of `start`. With `isPartial` all is optional, as long as one tensor is there,
  /// and tensors that are not of the model are let be: `unused`.
  package static func load(
    _ tree: ParameterTree, from file: WeightsFile,
    replaced: [String: () throws -> Tensor] = [:], optional: Set<String> = [],
    isPartial: Bool = false, start: @autoclosure () -> ParameterStore
  ) throws -> (weights: ParameterStore, kept: [String], left: [String], unused: [String]) {
    var (missing, misshapen, kept): ([String], [String], [String]) = ([], [], [])
    for (name, parameter) in zip(tree.names, tree.parameters) {
      let found = file.info(name)
      if found?.shape == parameter.shape.sizes || replaced[name] != nil { continue }
      if isPartial || optional.contains(name) {
        kept.append(name)
      } else if let found {
        misshapen.append("\(name) \(Shape(found.shape)) instead of \(parameter.shape)")
      } else {
        missing.append(name)
      }
    }
    let others = file.others(than: tree)
    let unexpected = others.unexpected.filter { !optional.contains($0) }
    guard kept.count < tree.names.count else {
      let reasons = ["none of its tensors fits the model"] + file.difference(from: tree, optional)
      throw file.error(reasons.joined(separator: ": "))
    }
    guard misshapen.isEmpty, missing.isEmpty, isPartial || unexpected.isEmpty else {
      let difference = file.splitNote.map { [$0] } ?? file.difference(from: tree, optional)
      let limit = difference.isEmpty ? 5 : 1
      let faults = [
        listed(misshapen, "of another shape", limit: limit),
        listed(missing, "missing", limit: limit),
        listed(isPartial ? [] : unexpected, "not of the model", limit: limit),
      ]
      let all = difference + faults.compactMap(\.self)
      // A file that fits but for its head, or for what is beside the model, has a way on.
      let lacksHead =
        misshapen.isEmpty && unexpected.isEmpty
        && missing.allSatisfy(VisionTransformer.heads.contains)
      var wayOn = lacksHead ? "; convit train --finetune starts a head anew" : ""
      if misshapen.isEmpty, missing.isEmpty {
        let (them, are) = unexpected.count == 1 ? ("it", "it is") : ("them", "they are")
        wayOn =
          optional.isEmpty ? "; write the file without \(them)" : "; with --partial \(are) left"
      }
      throw file.error(
        "not weights of this model\(file.prefixNote.map { " (\($0))" } ?? ""): "
          + all.joined(separator: "; ") + wayOn)
    }
    let start = kept.isEmpty ? nil : start()
    let values = try zip(tree.names, tree.parameters).map { name, parameter in
      if let value = replaced[name] { return try value() }
      if let start, kept.contains(name), let value = start[name] { return value }
      var value = Tensor(unsafeUninitialized: parameter.shape)
      try value.withUnsafeMutableBufferPointer { try file.read(name, into: $0) }
      return value
    }
    return (ParameterStore(tree, values), kept, others.left, unexpected)
  }

  /// The weights of a file, and notes on what is not as in it.
  ///
  /// From `seed` a head starts that the file has for other classes, or not at all (an error without
  /// a seed); with `isPartial` whatever does not fit; with `headsStartAnew` all heads.
  static func started(
    _ tree: ParameterTree, from file: WeightsFile, replaced: [String: () throws -> Tensor],
    seed: UInt64?, isPartial: Bool, headsStartAnew: Bool
  ) throws -> (weights: ParameterStore, notes: [String]) {
    let heads = VisionTransformer.heads
    var notes: [String] = []
    var loaded = try load(
      tree, from: file, replaced: replaced, optional: seed == nil ? [] : heads,
      isPartial: isPartial, start: seed.map { ParameterStore(tree, seed: $0) } ?? .zeros(tree))
    if headsStartAnew, let seed {
      let (start, names) = (ParameterStore(tree, seed: seed), heads.intersection(tree.names))
      for slot in names.compactMap(tree.slot(named:)) {
        loaded.weights[slot: slot] = start[slot: slot]
      }
      notes.append(
        "the file's classes are others: \(names.sorted().joined(separator: ", ")) start anew")
    }
    let (left, count) = (loaded.left, loaded.left.count)
    let others = [
      listed(loaded.kept, "start anew"),
      count == 1
        ? "\(left[0].printable()) is left, as it is no weight of a model"
        : listed(left, "tensors are left, as they are no weights of a model"),
      listed(loaded.unused, "of the file not used"),
    ]
    return (loaded.weights, notes + others.compactMap(\.self))
  }

  package var nonFiniteNames: [String] {
    zip(tree.names, values).filter { !$1.isFinite }.map(\.0)
  }

  /// "not all numbers are finite in head.weight, head.bias"; nil if they are.
  package var nonFiniteNote: String? {
    let names = nonFiniteNames.map { $0.printable() }
    return names.isEmpty ? nil : "not all numbers are finite in " + shortened(names, to: 20)
  }

  /// The weights as tensors of a file, under their published names.
  public var outputTensors: [OutputTensor] {
    zip(tree.names, values).map { name, value in
      OutputTensor(name: name, shape: value.shape.sizes) { try value.withUnsafeBufferPointer($0) }
    }
  }
}

extension WeightsFile {
  /// How the file differs from a model as a whole: by whose names it has, or whose shapes.
  fileprivate func difference(from tree: ParameterTree, _ optional: Set<String>) -> [String] {
    let (shape, names) = (ModelShape(self), NamingScheme.of(foreignNames))
    let expected = ModelShape { name in
      optional.contains(name)
        ? nil : tree.slot(named: name).map { tree.parameters[$0].shape.sizes }
    }
    guard shape.depth > 0 else {
      let isOurs = expected.depth > 0 ? ", not timm's (blocks.0.attn.qkv.weight)" : ""
      return names.map { ["the names are those of \($0.description)\(isOurs)"] } ?? []
    }
    let (differences, presets) = (shape.differences(from: expected), shape.presets)
    return (differences.isEmpty ? [] : ["the file has " + differences.joined(separator: "; ")])
      + (differences.isEmpty || presets.isEmpty
        ? [] : ["its shapes are those of \(shortened(presets, to: 3))"])
      + (names.map { ["there are parts of \($0.description)"] } ?? [])
  }
}

/// "42 missing (a, b and 40 more)" with the first names; nil if there are none.
func listed(_ names: [String], _ fault: String, limit: Int = 20) -> String? {
  let first = shortened(names.map { $0.printable() }, to: limit)
  return names.isEmpty ? nil : "\(names.count) \(fault) (\(first))"
}
