import Files
import Foundation

/// What is said about paths that people give as weights and that are no files.
package enum WeightsPath {
  static func isAddress(_ path: String) -> Bool {
    guard let end = path.range(of: "://") else { return false }
    let scheme = path[..<end.lowerBound]
    return (2...12).contains(scheme.count)
      && scheme.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
  }

  /// Throws for an address where there is no file of that name.
  package static func requireNoAddress(_ path: String) throws(TensorFileError) {
    guard isAddress(path), !FileManager.default.fileExists(atPath: path) else { return }
    throw TensorFileError(
      path: path,
      reason: "this is an address, and nothing is downloaded: download the file, and give its path")
  }

  /// What is in a folder, as the rest of a message: "; its weights are in run/best.safetensors".
  static func hint(inFolder path: String) -> String {
    guard let names = names(inFolder: path) else { return "" }
    let folder = path.hasSuffix("/") ? path : path + "/"
    let weights = names.filter { $0.hasSuffix(".safetensors") }.sorted()
    let best = ["best.safetensors", "model.safetensors"].first(where: weights.contains)
    if let name = best ?? (weights.count == 1 ? weights[0] : nil) {
      return "; its weights are in \(folder)\(name)"
    }
    if !weights.isEmpty {
      return "; give one of its files: \(shortened(weights, to: 3))"
    }
    if names.contains("saved_model.pb") { return " with a TensorFlow SavedModel" }
    let endings = [".pth", ".pt", ".bin", ".ckpt", ".pyth", ".pth.tar"]
    if let name = names.sorted().first(where: { name in endings.contains(where: name.hasSuffix) }) {
      return "; give one of its files, such as \(folder)\(name)"
    }
    return names.isEmpty ? ", which is empty" : ""
  }

  /// The names in a folder, at most 10,000; nil if it cannot be read.
  private static func names(inFolder path: String) -> Set<String>? {
    guard let folder = opendir(path) else { return nil }
    defer { closedir(folder) }
    var names: Set<String> = []
    while names.count < 10_000, let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.insert(name) }
    }
    return names
  }
}
