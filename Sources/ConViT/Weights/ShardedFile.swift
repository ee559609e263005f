import Files
import Foundation
import Safetensors

/// Several files of tensors that an index joins: Hugging Face's `model.safetensors.index.json`, or
/// `pytorch_model.bin.index.json`.
struct ShardedFile: TensorFile {
  let path: String
  let notes: [String]
  let tensors: [TensorInfo]
  private let shards: [String: any TensorFile]  // by the names of their tensors

  /// - Parameter open: opens one of the files.
  /// - Throws: `WeightsError` for an index that is none, names files elsewhere, or tensors that are
  ///   not in the file it names, or in two.
  init(index path: String, open: (String) throws -> any TensorFile) throws {
    func fault(_ reason: String) -> WeightsError { WeightsError(path: path, reason: reason) }
    struct Index: Decodable { let weight_map: [String: String] }
    let bytes: [UInt8]
    do {
      bytes = try RegularFile.contents(of: path, maxBytes: Self.maxBytes)
    } catch {
      throw WeightsError(error)
    }
    guard let map = try? JSONDecoder().decode(Index.self, from: Data(bytes)).weight_map,
      !map.isEmpty
    else { throw fault("expected a JSON index of shards, with a weight_map") }
    let names = Set(map.values).sorted()
    guard names.count <= Self.maxShards else {
      throw fault("\(names.count) shards are more than the \(Self.maxShards) supported")
    }
    if let name = names.first(where: { $0.contains("/") || $0.hasPrefix(".") || $0.isEmpty }) {
      throw fault("it names a file elsewhere, '\(name.printable(limit: 100))'")
    }
    var (tensors, shards): ([TensorInfo], [String: any TensorFile]) = ([], [:])
    var notes: [String] = []
    for name in names {
      let file = try open("\(Files.folder(of: path))/\(name)")
      notes += file.notes.map { "\(name): \($0)" }
      for tensor in file.tensors {
        guard shards.updateValue(file, forKey: tensor.name) == nil else {
          throw fault("tensor '\(tensor.name.printable())' is in two of its files")
        }
        tensors.append(tensor)
      }
      for (tensor, place) in map where place == name && file.info(tensor) == nil {
        throw fault("tensor '\(tensor.printable())' is not in \(name.printable(limit: 100))")
      }
    }
    (self.path, self.notes, self.tensors, self.shards) = (path, notes, tensors, shards)
  }

  static let maxBytes = 100_000_000
  static let maxShards = 1000

  var metadata: [String: String] { [:] }

  func info(_ name: String) -> TensorInfo? { shards[name]?.info(name) }

  func read(
    _ info: TensorInfo, from start: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws {
    guard let shard = shards[info.name] else {
      throw TensorFileError(path: path, tensor: info.name, reason: "not among the tensors")
    }
    try shard.read(info, from: start, into: buffer)
  }
}
