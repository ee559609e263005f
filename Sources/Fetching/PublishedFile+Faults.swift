import Files
import Foundation

extension PublishedFile {
  /// Whether it is a `config.json`.
  var isJSON: Bool { path.hasSuffix(".json") }

  /// Why a file cannot be this one, by its size and its first bytes; nil if it can.
  func fault(of path: String, size: Int) throws -> String? {
    if isJSON {
      let data = Data(try RegularFile.contents(of: path, maxBytes: maxBytes))
      let content = try? JSONSerialization.jsonObject(with: data)
      return content is [String: Any] ? nil : "is no JSON object, expected a config.json"
    }
    guard size >= minBytes else { return "has \(size) bytes, expected at least \(minBytes)" }
    let head = RegularFile.head(of: path, count: 9) ?? []
    // A zip or a pickle; the length of a header of JSON, and the header.
    let isOne =
      self.path.hasSuffix(".safetensors")
      ? head.count == 9 && head[8] == UInt8(ascii: "{")
      : head.starts(with: [0x50, 0x4b, 3, 4]) || head.first == 0x80
    return isOne ? nil : "is no file of weights, by its first bytes"
  }
}
