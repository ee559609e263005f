import Files
import Safetensors

/// A file whose tensors are read under other names: each is one of the file's, or several of them
/// one behind the other along the first axis, as queries, keys and values.
struct RenamedFile: TensorFile {
  let tensors: [TensorInfo]
  /// "the names are those of torchvision (…), read as timm's", to be said to whoever loads it.
  let notes: [String]
  /// Whether the names are torchvision's, which tells what its inputs are.
  let isTorchvision: Bool
  /// Tensors of the file that are of no model of this package, such as a decoder's.
  let left: [String]
  private let file: any TensorFile
  private let parts: [String: [TensorInfo]]
  private let indices: [String: Int]

  /// - Parameter names: for each tensor of the file the name that it is read under, and which part
  ///   of how many it is; nil for what is left.
  /// - Throws: `WeightsError` where parts are missing, differ in type or shape, or one is there
  ///   twice.
  init(
    _ file: any TensorFile, note: String?, isTorchvision: Bool, _ names: (String) -> Renaming.Place?
  ) throws {
    var (order, groups, left): ([String], [String: [(Renaming.Place, TensorInfo)]], [String]) =
      ([], [:], [])
    for tensor in file.tensors {
      guard let place = names(tensor.name) else {
        left.append(tensor.name)
        continue
      }
      if groups[place.name] == nil { order.append(place.name) }
      groups[place.name, default: []].append((place, tensor))
    }
    var parts: [String: [TensorInfo]] = [:]
    tensors = try order.map { name in
      let group = (groups[name] ?? []).sorted { $0.0.part < $1.0.part }
      let sources = group.map(\.1)
      func fault(_ what: String) -> WeightsError {
        let names = shortened(sources.map { $0.name.printable() }, to: 4)
        return WeightsError(path: file.path, reason: "\(name.printable()): \(what) (\(names))")
      }
      guard group.map(\.0.part) == Array(0..<group[0].0.count) else {
        throw fault(
          group.count > group[0].0.count
            ? "it is there twice" : "\(group.count) of its \(group[0].0.count) parts are there")
      }
      parts[name] = sources
      let first = sources[0]
      if sources.count == 1 {
        guard let info = TensorInfo(name: name, type: first.type, shape: first.shape) else {
          throw fault("its shape cannot be counted")
        }
        return info
      }
      guard
        sources.allSatisfy({
          $0.type == first.type && !$0.shape.isEmpty
            && $0.shape.dropFirst() == first.shape.dropFirst()
        })
      else { throw fault("its parts differ in type or shape") }
      let rows = sources.reduce(0) { $0.addingReportingOverflow($1.shape[0]).partialValue }
      guard rows >= 0,
        let info = TensorInfo(
          name: name, type: first.type, shape: [rows] + first.shape.dropFirst())
      else { throw fault("its shape cannot be counted") }
      return info
    }
    (self.file, self.left, self.parts) = (file, left, parts)
    notes = file.notes + [note].compactMap(\.self)
    self.isTorchvision = isTorchvision
    indices = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { ($1.name, $0) })
  }

  var path: String { file.path }
  var metadata: [String: String] { file.metadata }

  func info(_ name: String) -> TensorInfo? { indices[name].map { tensors[$0] } }

  func read(
    _ info: TensorInfo, from start: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws {
    var (skipped, done) = (start, 0)
    for part in parts[info.name] ?? [] where done < buffer.count {
      let count = min(part.byteCount - skipped, buffer.count - done)
      if count > 0 {
        try file.read(
          part, from: skipped,
          into: UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count]))
        done += count
      }
      skipped = max(0, skipped - part.byteCount)
    }
  }
}
