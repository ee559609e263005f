import Foundation
import Images

/// The images of Fixtures/decode and what Pillow reads from them; made by make_fixtures.py.
struct DecodeFixtures: Decodable {
  struct Entry: Decodable {
    let width: Int
    let height: Int
    let rgb: Data
    let composited: Data?
    let pillow: Data?  // where `rgb` is not Pillow's
  }

  let background: [UInt8]
  let images: [String: Entry]

  static let directory = Bundle.module.resourcePath.map { $0 + "/Fixtures/decode/" } ?? ""

  static let shared: DecodeFixtures? = {
    let manifest = FileManager.default.contents(atPath: directory + "manifest.json")
    return manifest.flatMap { try? JSONDecoder().decode(DecodeFixtures.self, from: $0) }
  }()

  static let names = (shared?.images.keys).map(Array.init)?.sorted() ?? []

  static func bytes(_ name: String) throws -> [UInt8] {
    try Array(Data(contentsOf: URL(fileURLWithPath: directory + name)))
  }
}

/// The text of the error that `decoder` throws, or "no error".
func errorText(
  _ bytes: [UInt8], name: String = "x", _ decoder: ImageDecoder = ImageDecoder()
) -> String {
  do {
    _ = try decoder.decode(bytes, name: name)
    return "no error"
  } catch { return "\(error)" }
}

/// As `errorText(_:name:_:)`, of a file.
func errorText(path: String, _ decoder: ImageDecoder = ImageDecoder()) -> String {
  do {
    _ = try decoder.decode(contentsOf: path)
    return "no error"
  } catch { return "\(error)" }
}

/// Runs `body` with the path of a new directory, which is gone afterwards.
func withTemporaryDirectory(_ body: (String) throws -> Void) throws {
  let path = NSTemporaryDirectory() + "decode-" + UUID().uuidString
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: path) }
  try body(path)
}

/// Writes `bytes` to a file.
func write(_ bytes: [UInt8], to path: String) throws {
  try Data(bytes).write(to: URL(fileURLWithPath: path))
}
