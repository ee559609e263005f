import Foundation
import Testing

@testable import Safetensors

/// Files of other kinds, and paths that are no files: each is named for what it is.
@Suite struct FileKindTests {
  static let start = "a.safetensors: expected safetensors, found"

  static let kinds: [([UInt8], String)] = [
    ([0x89] + Array("HDF\r\n\u{1A}\n".utf8) + zeros, "an HDF5 file (.h5); write its tensors"),
    ([0x93] + Array("NUMPY\u{1}\0v\0{'descr': '<f4'}".utf8), "a NumPy array (.npy); write"),
    (Array("GGUF\u{3}\0\0\0".utf8) + zeros, "a GGUF model; write its tensors"),
    ([8, 7, 0x12, 7] + Array("pytorch".utf8), "an ONNX model; write its tensors"),
    ([8, 8, 0x3A, 9] + zeros, "an ONNX model; write its tensors"),
    ([8, 1, 0x12, 9] + zeros, "a TensorFlow SavedModel; write its tensors"),
    (zeros + Array("TFL3".utf8), "a TensorFlow Lite model"),
    (
      Array(repeating: 1, count: 60) + [0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB],
      "the index of a TensorFlow checkpoint"
    ),
    ([0x1F, 0x8B, 8] + zeros, "a gzip archive; unpack it first"),
    (Array(repeating: 0x61, count: 257) + Array("ustar\0".utf8), "a tar archive; unpack it first"),
    ([0xFF, 0xD8, 0xFF, 0xE0] + zeros, "a JPEG image; "),
    ([0x89] + Array("PNG\r\n\u{1A}\n".utf8), "a PNG image; "),
    (Array(" \n<!DocType HTML>".utf8), "a web page; download the file again"),
    (
      Array(#"{"weight_map": {"a": "m-1.safetensors", "b": "m-1.safetensors"}}"#.utf8),
      "a JSON index of shards; the weights are in m-1.safetensors beside it"
    ),
    (
      Array(#"{"weight_map": {"a": "m-1.bin", "b": "m-2.bin", "c": "m-3.bin"}}"#.utf8),
      "a JSON index of shards; the weights are in 3 files (m-1.bin, m-2.bin, …); join them"
    ),
    (Array("[1, 2, 3, 4]".utf8), "a JSON file; the weights are in another file"),
    (Array("epochs: 3\nlr: 1\u{e9}".utf8), "text ('epochs: 3'); weights are not kept as text"),
    (Array(repeating: 0, count: 600), "a file that begins with zeros"),
    (Array("PK\u{3}\u{4}".utf8) + zeros, "a zip archive (a PyTorch checkpoint?) that is cut short"),
    (zip(["archive/data.pkl", "archive/data/0"]), "a zip archive (a PyTorch checkpoint); convert"),
    (
      zip(["m/data.pkl", "m/code/__torch__.py", "m/constants.pkl"]),
      "a TorchScript archive; save the state_dict()"
    ),
    (zip(["a.npy", "b/c.npy"]), "a NumPy archive (.npz); write its tensors"),
    (zip(["config.json", "model.weights.h5"]), "a Keras model (.keras); write its tensors"),
    (zip(["word/document.xml"]), "a zip archive; unpack it first"),
  ]

  private static let zeros = [UInt8](repeating: 0, count: 4)

  @Test(arguments: kinds)
  func isNamed(bytes: [UInt8], name: String) throws {
    let text = try errorText(reading: bytes)
    #expect(text.hasPrefix("\(Self.start) \(name)"), "\(text)")
    #expect(text.unicodeScalars.allSatisfy { $0.value >= 32 } && text.count < 300)
  }

  /// An archive without data: only its directory, at the end, is looked at.
  static func zip(_ names: [String]) -> [UInt8] {
    func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
    let local: [UInt8] = Array("PK\u{3}\u{4}".utf8) + zeros(26)
    var directory: [UInt8] = []
    for name in names {
      directory += Array("PK\u{1}\u{2}".utf8) + zeros(24)
      directory += [UInt8(name.utf8.count), 0]
      directory += zeros(16) + Array(name.utf8)
    }
    let end: [UInt8] = [UInt8(directory.count), 0, 0, 0, UInt8(local.count), 0, 0, 0, 0, 0]
    return local + directory + Array("PK\u{5}\u{6}".utf8) + zeros(6) + [UInt8(names.count), 0] + end
  }

  /// Whatever the directory says: an error, and nothing is read outside the file.
  @Test func damagedArchives() throws {
    let folder = try TemporaryFolder()
    let whole = Self.zip(["archive/data.pkl", "archive/data/0", "archive/version"])
    for place in whole.indices {
      for byte in [0, 0x7F, 0xFF] as [UInt8] {
        var bytes = whole
        bytes[place] = byte
        let path = try folder.write(bytes)
        #expect(throws: TensorFileError.self) { try SafetensorsFile(contentsOf: path) }
      }
      let path = try folder.write(Array(whole[..<place]))
      #expect(throws: TensorFileError.self) { try SafetensorsFile(contentsOf: path) }
    }
  }

  @Test func aCutHeader() throws {
    let bytes = fileBytes(#"{"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#, data: 4)
    #expect(
      try errorText(reading: Array(bytes.prefix(40)))
        == "a.safetensors: not a safetensors file: the header's length is 53, but only 32 bytes "
        + "follow; truncated?")
  }

  @Test func folders() throws {
    let folder = try TemporaryFolder()
    func text(_ files: [String]) throws -> String {
      let path = folder.path(UUID().uuidString)
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      for name in files { try Data().write(to: URL(fileURLWithPath: "\(path)/\(name)")) }
      let error = try errorText(in: folder) { _ = try SafetensorsFile(contentsOf: path + "/") }
      let name = (path as NSString).lastPathComponent
      return error.replacingOccurrences(of: name, with: "run")
    }
    let start = "run/: expected a safetensors file, found a directory"
    #expect(
      try text(["config.yaml", "best.safetensors", "model.safetensors", "checkpoint.safetensors"])
        == "\(start); its weights are in run/best.safetensors")
    #expect(
      try text(["config.json", "model.safetensors"])
        == "\(start); its weights are in run/model.safetensors")
    #expect(
      try text(["b.safetensors", "a.safetensors"])
        == "\(start); give one of its files: a.safetensors, b.safetensors")
    #expect(
      try text(["m-1.safetensors", "m-2.safetensors", "m.safetensors.index.json"])
        == "\(start); give one of its files: m-1.safetensors, m-2.safetensors")
    #expect(
      try text(["config.json", "pytorch_model.bin"])
        == "\(start); give one of its files, such as run/pytorch_model.bin")
    #expect(try text([]) == "\(start), which is empty")
    #expect(try text(["a.txt"]) == start)
  }

  @Test func addresses() throws {
    let folder = try TemporaryFolder()
    for address in ["https://example.org/a.safetensors", "hf://timm/convit_tiny", "s3://a/b"] {
      let text = try errorText(in: folder) { _ = try SafetensorsFile(contentsOf: address) }
      #expect(text.hasPrefix("\(address): this is an address, and nothing is downloaded"))
    }
    let path = "no/such://file"
    let text = try errorText(in: folder) { _ = try SafetensorsFile(contentsOf: path) }
    #expect(text == "no/such://file: cannot open: No such file or directory")
  }
}
