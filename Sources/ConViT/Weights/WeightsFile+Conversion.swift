import Autodiff
import Safetensors

extension WeightsFile {
  /// Writes the weights as a safetensors file under timm's names, in the types that they have, with
  /// what is known of their model: tensor by tensor, so that memory holds one at a time.
  ///
  /// - Parameter name: the preset that the weights are of, for files that do not say.
  /// - Returns: how many tensors and numbers were written beside masks, and what is to be said of
  ///   the rest.
  /// - Throws: `WeightsError`, `ConfigurationError` or `TensorFileError`.
  package func write(to path: String, model name: String?) throws -> (
    tensors: Int, numbers: Int, notes: [String]
  ) {
    var metadata = try WeightsMetadata(self)
    let description = SavedModel.Description(name: name)
    if name != nil, let clips = try metadata.clipsConfiguration(description, self) {
      if metadata.architecture == nil { (metadata.name, metadata.architecture) = (name, clips) }
    } else if let name {
      let configuration = try metadata.configuration(description, self)
      if metadata.configuration == nil {
        let faults = differences(from: configuration)
        guard faults.isEmpty else {
          throw error("it is not of \(name): it has \(faults.joined(separator: ", "))")
        }
        (metadata.name, metadata.architecture) = (name, configuration)
      }
    }
    let (kept, left) = converted(by: metadata.architecture)
    guard !kept.isEmpty else { throw error("it holds no weights") }
    try SafetensorsWriter.write(
      kept.map { tensor in
        OutputTensor(name: tensor.name, type: tensor.info.type, shape: tensor.info.shape) { body in
          try file.bytes(tensor.info.name).withUnsafeBytes(body)
        }
      },
      metadata: metadata.strings, to: path)
    let note = listed(left, "of the file left, as they are no weights of a model", limit: 5)
    let numbers = kept.map(\.info).filter { !$0.isMask }
    return (
      numbers.count, numbers.reduce(0) { $0 + $1.count },
      nameNotes + metadata.notes + [note].compactMap(\.self)
    )
  }

  /// The tensors that are written, under their names there, and the names of the others.
  private func converted(
    by architecture: (any Architecture)?
  ) -> (kept: [(name: String, info: TensorInfo)], left: [String]) {
    let own = architecture.flatMap { try? $0.makeModel() }.map { ParameterTree($0) }
    var (kept, left): ([(name: String, info: TensorInfo)], [String]) = ([], renamedAway)
    for (tensor, name) in zip(file.tensors, names) {
      let isOurs =
        tensor.name.hasPrefix(prefix)
        && (own?.slot(named: name) != nil || NamePrefix.isPublished(name[...])
          || own.map { isMask(tensor, of: $0) } ?? false)
      if !isOurs, isLeft(tensor) || isOfAnotherModel(tensor.name) {
        left.append(name)
      } else {
        kept.append((name, tensor))
      }
    }
    // The same order from whatever file: the model's, and that of the names for what is beyond it.
    func order(_ name: String) -> (Int, String) { (own?.slot(named: name) ?? .max, name) }
    return (kept.sorted { order($0.name) < order($1.name) }, left)
  }
}
