import Autodiff
import Safetensors

extension ParameterStore {
  /// The weights of a model from a file, which must have each of them and nothing else.
  ///
  /// - Parameter optional: names that the file need not have, and may have in another shape (a
  ///   head for other classes): these keep the value of `start`, and are returned.
  /// - Throws: `WeightsError` that lists every missing, unexpected and misshapen tensor.
  public static func load(
    _ tree: ParameterTree, from file: SafetensorsFile,
    optional: Set<String> = [], start: @autoclosure () -> ParameterStore
  ) throws -> (weights: ParameterStore, kept: [String]) {
    var faults: [String] = []
    var kept: [String] = []
    for (name, parameter) in zip(tree.names, tree.parameters) {
      let found = file.info(name)
      if found?.shape == parameter.shape.sizes { continue }
      if optional.contains(name) {
        kept.append(name)
      } else if let found {
        faults.append("\(name) has shape \(Shape(found.shape)), the model's is \(parameter.shape)")
      } else {
        faults.append("\(name) is missing")
      }
    }
    for tensor in file.tensors
    where tree.slot(named: tensor.name) == nil && !optional.contains(tensor.name) {
      faults.append("\(tensor.name) is not of the model")
    }
    guard faults.isEmpty else {
      let more = faults.count > 20 ? ", and \(faults.count - 20) more" : ""
      throw WeightsError(
        path: file.path,
        reason: "not weights of this model: " + faults.prefix(20).joined(separator: "; ") + more)
    }
    let start = kept.isEmpty ? nil : start()
    let values = try zip(tree.names, tree.parameters).map { name, parameter in
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
