import Autodiff
import Safetensors

extension ParameterStore {
  /// The weights of a model from a file, which must have each of them and nothing else.
  ///
  /// - Parameters:
  ///   - replaced: values to take in place of the file's; made once all else is known to fit.
  ///   - optional: names that the file need not have, and may have in another shape (a head for
  ///     other classes): these keep the value of `start`, and are returned.
  ///   - isPartial: whether all are optional, as long as one is there, and tensors that are not of
  ///     the model are let be: these are returned as well.
  /// - Throws: `WeightsError` that lists every missing, unexpected and misshapen tensor.
  public static func load(
    _ tree: ParameterTree, from file: SafetensorsFile,
    replaced: [String: () throws -> Tensor] = [:], optional: Set<String> = [],
    isPartial: Bool = false, start: @autoclosure () -> ParameterStore
  ) throws -> (weights: ParameterStore, kept: [String], unused: [String]) {
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
    let unused = file.tensors.map(\.name).filter {
      tree.slot(named: $0) == nil && !optional.contains($0)
    }
    guard kept.count < tree.names.count else {
      throw WeightsError(path: file.path, reason: "none of its tensors fits the model")
    }
    let faults = [
      listed(misshapen, "of another shape"), listed(missing, "missing"),
      listed(isPartial ? [] : unused, "not of the model"),
    ].compactMap(\.self)
    guard faults.isEmpty else {
      throw WeightsError(
        path: file.path, reason: "not weights of this model: " + faults.joined(separator: "; "))
    }
    let start = kept.isEmpty ? nil : start()
    let values = try zip(tree.names, tree.parameters).map { name, parameter in
      if let value = replaced[name] { return try value() }
      if let start, kept.contains(name), let value = start[name] { return value }
      var value = Tensor(unsafeUninitialized: parameter.shape)
      try value.withUnsafeMutableBufferPointer { try file.read(name, into: $0) }
      return value
    }
    return (ParameterStore(tree, values), kept, unused)
  }

  /// The names of the weights that have elements which are not finite.
  public var nonFiniteNames: [String] {
    zip(tree.names, values).filter { !$1.isFinite }.map(\.0)
  }

  /// "not all numbers are finite in head.weight, head.bias"; nil if they are.
  package var nonFiniteNote: String? {
    let names = nonFiniteNames
    return names.isEmpty ? nil : "not all numbers are finite in " + listed(names)
  }

  /// The weights as tensors of a file, under their published names.
  public var outputTensors: [OutputTensor] {
    zip(tree.names, values).map { name, value in
      OutputTensor(name: name, shape: value.shape.sizes) { try value.withUnsafeBufferPointer($0) }
    }
  }
}

extension SafetensorsFile {
  /// "BF16, F16 converted to F32"; nil if nothing was to be converted.
  package var conversionNote: String? {
    let types = Set(tensors.map(\.type.rawValue)).subtracting(["F32"]).sorted()
    return types.isEmpty ? nil : "\(types.joined(separator: ", ")) converted to F32"
  }
}

/// "42 missing (a, b, …)" with the first 20 names; nil if there are none.
package func listed(_ names: [String], _ fault: String) -> String? {
  names.isEmpty ? nil : "\(names.count) \(fault) (\(listed(names)))"
}

/// "a, b, …": the first 20 names.
private func listed(_ names: [String]) -> String {
  names.prefix(20).map { $0.printable() }.joined(separator: ", ") + (names.count > 20 ? ", …" : "")
}
