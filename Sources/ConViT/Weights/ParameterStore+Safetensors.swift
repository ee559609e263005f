import Autodiff
import Safetensors

extension ParameterStore {
  /// The weights of a model from a file, which must have each of them and nothing else.
  ///
  /// - Parameters:
  ///   - replaced: values to take in place of the file's.
  ///   - optional: names that the file need not have, and may have in another shape (a head for
  ///     other classes): these keep the value of `start`, and are returned.
  /// - Throws: `WeightsError` that lists every missing, unexpected and misshapen tensor.
  public static func load(
    _ tree: ParameterTree, from file: SafetensorsFile, replaced: [String: Tensor] = [:],
    optional: Set<String> = [], start: @autoclosure () -> ParameterStore
  ) throws -> (weights: ParameterStore, kept: [String]) {
    var (missing, misshapen, kept): ([String], [String], [String]) = ([], [], [])
    for (name, parameter) in zip(tree.names, tree.parameters) {
      let found = file.info(name)
      if found?.shape == parameter.shape.sizes || replaced[name] != nil { continue }
      if optional.contains(name) {
        kept.append(name)
      } else if let found {
        misshapen.append("\(name) \(Shape(found.shape)) instead of \(parameter.shape)")
      } else {
        missing.append(name)
      }
    }
    let unexpected = file.tensors.map(\.name).filter {
      tree.slot(named: $0) == nil && !optional.contains($0)
    }
    let faults = [
      listed(misshapen, "of another shape"), listed(missing, "missing"),
      listed(unexpected, "not of the model"),
    ].compactMap(\.self)
    guard faults.isEmpty else {
      throw WeightsError(
        path: file.path, reason: "not weights of this model: " + faults.joined(separator: "; "))
    }
    let start = kept.isEmpty ? nil : start()
    let values = try zip(tree.names, tree.parameters).map { name, parameter in
      if let value = replaced[name] { return value }
      if let start, kept.contains(name), let value = start[name] { return value }
      var value = Tensor(unsafeUninitialized: parameter.shape)
      try value.withUnsafeMutableBufferPointer { try file.read(name, into: $0) }
      return value
    }
    return (ParameterStore(tree, values), kept)
  }

  /// The names of the weights that have elements which are not finite.
  public var nonFiniteNames: [String] {
    zip(tree.names, values).filter { !$1.isFinite }.map(\.0)
  }

  /// The weights as tensors of a file, under their published names.
  public var outputTensors: [OutputTensor] {
    zip(tree.names, values).map { name, value in
      OutputTensor(name: name, shape: value.shape.sizes) { try value.withUnsafeBufferPointer($0) }
    }
  }
}

/// "12 missing (a, b, …)"
private func listed(_ names: [String], _ fault: String) -> String? {
  guard !names.isEmpty else { return nil }
  let shown = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
  return "\(names.count) \(fault) (\(shown))"
}
