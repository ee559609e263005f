import Files
import Foundation
import PyTorchFiles
import Safetensors

/// Where weights are read from: a file of any format that is read, an index of shards, or a folder
/// as a hub gives it.
package enum WeightsSource {
  /// The tensors at a path, under the names that they have there.
  ///
  /// - Parameter key: which of several state dicts a PyTorch checkpoint is read for, as
  ///   `model_ema`.
  /// - Throws: `TensorFileError`, or `WeightsError`.
  package static func open(_ path: String, key: String? = nil) throws -> any TensorFile {
    let path = file(in: path) ?? path
    if path.hasSuffix(".index.json") {
      return try ShardedFile(index: path) { try openOne($0, key: key) }
    }
    return try openOne(path, key: key)
  }

  private static func openOne(_ path: String, key: String?) throws -> any TensorFile {
    if PyTorchFile.recognizes(path) { return try PyTorchFile(contentsOf: path, key: key) }
    let file = try SafetensorsFile(contentsOf: path)
    guard key == nil else {
      throw WeightsError(path: path, reason: "key is for PyTorch checkpoints; this is safetensors")
    }
    return try SparseFile.expanding(file)
  }

  /// The file of weights in a folder, by the names that runs and hubs give it, or the only one
  /// there; nil if the path is no folder, or there is no such file.
  static func file(in path: String) -> String? {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
    else { return nil }
    let folder = withoutEndSlash(path)
    if let known = names.map({ "\(folder)/\($0)" }).first(where: FileManager.default.fileExists) {
      return known
    }
    let all = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let indices = all.filter { $0.hasSuffix(".index.json") }
    if indices.count == 1 { return "\(folder)/\(indices[0])" }
    let weights = all.filter { name in endings.contains(where: name.hasSuffix) }
    return weights.count == 1 ? "\(folder)/\(weights[0])" : nil
  }

  private static let names = [
    "best.safetensors", "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
    "pytorch_model.bin.index.json",
  ]
  private static let endings = [
    ".safetensors", ".pth", ".pt", ".bin", ".ckpt", ".pyth", ".pth.tar",
  ]
}
