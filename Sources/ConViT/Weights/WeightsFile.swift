import Autodiff
import Files
import Safetensors

/// The tensors of a file under the names that a model has for them: a prefix that stands before
/// them in the file is dropped, and `prefixNote` says so.
package struct WeightsFile: Sendable {
  /// What stands before the published names, with its last dot; empty if nothing does.
  package let prefix: String
  let file: any TensorFile
  private let otherPrefixes: [String]  // of other models in the file
  private let renamed: RenamedFile?  // the same, if the names are somebody else's

  package init(contentsOf path: String) throws { try self.init(WeightsSource.open(path)) }

  /// - Parameter chosen: what the names of the model begin with, where the file holds several.
  /// - Throws: `WeightsError` if the file holds several models, or none behind `chosen`.
  package init(_ file: any TensorFile, prefix chosen: String? = nil) throws {
    renamed = try Renaming.renamed(file)
    let file: any TensorFile = renamed ?? file
    let candidates = NamePrefix.candidates(in: file.tensors.lazy.map(\.name))
    if let chosen {
      guard candidates.contains(where: { $0.text == chosen }) else {
        let found = candidates.map { "'\($0.text.printable(limit: 60))'" }
        throw WeightsError(
          path: file.path,
          reason: "no model of it begins with '\(chosen.printable(limit: 60))'"
            + (found.isEmpty ? "" : ", but \(shortened(found, to: 4))"))
      }
      (self.file, prefix) = (file, chosen)
      otherPrefixes = candidates.map(\.text).filter { !chosen.hasPrefix($0) }
      return
    }
    let isPlain = candidates.contains { $0.text.isEmpty }
    let models = candidates.filter { 2 * $0.count >= candidates[0].count }
    guard isPlain || models.count < 2 else {
      let names = models.prefix(4).map { "'\($0.text.printable(limit: 60))'" }
      throw WeightsError(
        path: file.path,
        reason: "it holds \(models.count) models, whose names begin with "
          + "\(names.joined(separator: ", ")); choose one with convit convert --prefix")
    }
    (self.file, otherPrefixes) = (file, [])
    prefix = isPlain ? "" : candidates.first?.text ?? ""
  }

  var path: String { file.path }
  var metadata: [String: String] { file.metadata }

  /// The names of all tensors, in the order of their data: without the prefix where they have it.
  var names: [String] {
    file.tensors.map { tensor in
      tensor.name.hasPrefix(prefix) ? String(tensor.name.dropFirst(prefix.count)) : tensor.name
    }
  }

  /// What the header says about a tensor, which has its name in the file; nil if there is none.
  package func info(_ name: String) -> TensorInfo? { file.info(prefix + name) }

  func floats(_ name: String) throws -> [Float] { try file.floats(prefix + name) }

  func read(_ name: String, into buffer: UnsafeMutableBufferPointer<Float>) throws {
    try file.read(prefix + name, into: buffer)
  }

  func error(_ reason: String) -> WeightsError { WeightsError(path: path, reason: reason) }

  /// What the names of the critical images in a lottery ticket begin with.
  package static let criticalPrefix = "prac."

  /// The tensors that are not among those of a model: what is left to itself (counts of steps, of
  /// averaged models or of operations: whole numbers, or a single one; DINO's projection head), and
  /// what is unexpected.
  func others(than tree: ParameterTree) -> (left: [String], unexpected: [String]) {
    var (left, unexpected): ([String], [String]) = (renamedAway, [])
    for (tensor, name) in zip(file.tensors, names) {
      if tensor.name == prefix + name, tree.slot(named: name) != nil { continue }
      if isMask(tensor, of: tree) || tensor.name.hasPrefix(Self.criticalPrefix) { continue }
      if isLeft(tensor) { left.append(name) } else { unexpected.append(name) }
    }
    return (left, unexpected)
  }

  /// The model of torchvision's whose names and shapes these are: its heads and inputs are known.
  var torchvisionModel: Preset? {
    guard renamed?.isTorchvision == true, let name = ModelShape(self).presets.last else {
      return nil
    }
    var preset = try? Preset.named(name)
    preset?.normalization = .imageNet
    return preset
  }

  /// Tensors that somebody else's names say are of no model of this package.
  var renamedAway: [String] { renamed?.left ?? [] }

  /// Whether a tensor is of a model in the file that was not chosen.
  func isOfAnotherModel(_ name: String) -> Bool { otherPrefixes.contains(where: name.hasPrefix) }

  /// The names that are not those of a model of this package, but for those of what is left.
  var foreignNames: [String] {
    zip(file.tensors, names).filter { !isLeft($0) && !NamePrefix.isPublished($1[...]) }.map(\.1)
  }

  /// "47 names begin with 'module.', 47 do not; …" where names have no common prefix; else nil.
  var splitNote: String? { NamePrefix.split(file.tensors.lazy.map(\.name)) }

  /// Whether a tensor is of no model: a count, or a part of the projection head that DINO puts
  /// beside its `backbone.`
  func isLeft(_ tensor: TensorInfo) -> Bool {
    if tensor.isCount { return true }
    guard !prefix.isEmpty, !tensor.name.hasPrefix(prefix) else { return false }
    let parents = prefix.split(separator: ".").dropLast().map { "\($0)." }.joined()
    return tensor.name.hasPrefix(parents + "head.")
      && !NamePrefix.isPublished(tensor.name.dropFirst(parents.count))
  }

  /// "the prefix '_orig_mod.' of its names is dropped"; nil if there is none.
  package var prefixNote: String? {
    prefix.isEmpty
      ? nil : "the prefix '\(prefix.printable(limit: 200))' of its names is dropped"
  }

  /// What is to be said about the names: whose they are, and the prefix.
  package var nameNotes: [String] { file.notes + [prefixNote].compactMap(\.self) }

  /// "BF16, F16 converted to F32"; nil if nothing of the model was to be converted.
  func conversionNote(_ tree: ParameterTree) -> String? {
    let types = Set(tree.names.compactMap { info($0)?.type.rawValue }).subtracting(["F32"])
    return types.isEmpty ? nil : "\(types.sorted().joined(separator: ", ")) converted to F32"
  }
}

extension TensorInfo {
  /// Whether it can be no weight: whole numbers, or a single number without an axis or, as thop
  /// leaves its counts of operations, in double precision.
  fileprivate var isCount: Bool {
    switch type {
    case .f32, .f16, .bf16, .f8e4m3, .f8e5m2: shape.isEmpty
    case .f64: count <= 1
    default: true
    }
  }
}

/// Why a weights file is not the weights of a model.
public struct WeightsError: PathError {
  package let path, reason: String

  package init(path: String, reason: String) { (self.path, self.reason) = (path, reason) }
}
