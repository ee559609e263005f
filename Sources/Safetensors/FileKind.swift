import Files

/// What a file is that is given as weights and is no safetensors file, by its content alone.
package struct FileKind {
  package let name: String  // in words: "an ONNX model"
  package let advice: String

  /// Whether PyTorchFiles reads it.
  package let isCheckpoint: Bool

  private init(_ name: String, _ advice: String, isCheckpoint: Bool = false) {
    (self.name, self.advice, self.isCheckpoint) = (name, advice, isCheckpoint)
  }

  static let torchArchive = FileKind(
    "a zip archive (a PyTorch checkpoint)", "convert it with convit convert", isCheckpoint: true)
  static let torchScript = FileKind(
    "a TorchScript archive",
    "save the state_dict() of the model in it with PyTorch")
  static let cutZip = FileKind(
    "a zip archive (a PyTorch checkpoint?) that is cut short", "download it again")
  static let numpyArchive = tensors("a NumPy archive (.npz)")
  static let keras = tensors("a Keras model (.keras)")
  static let zip = packed("a zip archive")

  private static func tensors(_ name: String) -> FileKind {
    FileKind(
      name, "write its tensors with the safetensors package of Python, under timm's names")
  }

  private static func packed(_ name: String) -> FileKind { FileKind(name, "unpack it first") }

  private static func image(_ format: String) -> FileKind {
    FileKind("a \(format) image", "images go behind the options, weights to --weights")
  }

  /// The kind of a file that is not safetensors, or nil if it is none that is known.
  ///
  /// Asked only after the bytes have failed as safetensors: a header of 640 bytes begins with
  /// `80 02`, as a pickle does.
  ///
  /// - Parameter start: the first bytes of the file, 512 of them if it has as many.
  package init?(of file: RegularFile, start: [UInt8]) {
    let known = Self.signatures.first { start.dropFirst($0.offset).starts(with: $0.bytes) }
    if let known {
      self = known.kind
    } else if start.starts(with: "PK\u{3}\u{4}".utf8) {
      self.init(zip: file)
    } else if start.count > 1, start[0] == 0x80, (2...5).contains(start[1]) {
      self.init(
        "a Python pickle that PyTorch did not write, or an older checkpoint that is damaged",
        "save a state_dict() with PyTorch")
    } else if start.count == 512, start.allSatisfy({ $0 == 0 }) {
      self.init(
        "a file that begins with zeros (a download that was not finished?)",
        "download the file again")
    } else if let kind = Self.protocolBuffer(start) ?? Self.text(start, file) {
      self = kind
    } else if file.size > 48, let end = try? file.bytes(at: file.size - 8, count: 8),
      end == [0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB]
    {
      self = Self.tensors("the index of a TensorFlow checkpoint")
    } else {
      return nil
    }
  }

  /// What a file of a kind has at a fixed place.
  private static let signatures: [(bytes: [UInt8], offset: Int, kind: FileKind)] = [
    ([0x89] + "HDF\r\n\u{1A}\n".utf8, 0, tensors("an HDF5 file (.h5)")),
    ([0x93] + "NUMPY".utf8, 0, tensors("a NumPy array (.npy)")),
    (Array("GGUF".utf8), 0, tensors("a GGUF model")),
    (Array("lmgg".utf8), 0, tensors("a GGUF model")),  // GGML, as its magic lies in the file
    (Array("tjgg".utf8), 0, tensors("a GGUF model")),
    (Array("fmgg".utf8), 0, tensors("a GGUF model")),
    (Array("TFL3".utf8), 4, tensors("a TensorFlow Lite model")),
    ([0x89] + "PNG\r\n\u{1A}\n".utf8, 0, image("PNG")),
    ([0xFF, 0xD8, 0xFF], 0, image("JPEG")),
    (Array("GIF8".utf8), 0, image("GIF")),
    (Array("WEBP".utf8), 8, image("WebP")),
    ([0x1F, 0x8B, 8], 0, packed("a gzip archive")),
    (Array("BZh".utf8), 0, packed("a file compressed by bzip2")),
    ([0xFD] + "7zXZ\0".utf8, 0, packed("a file compressed by xz")),
    ([0x28, 0xB5, 0x2F, 0xFD], 0, packed("a file compressed by Zstandard")),
    ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], 0, packed("a file compressed by 7-Zip")),
    (Array("ustar".utf8), 257, packed("a tar archive")),
  ]

  /// ONNX and TensorFlow's SavedModel begin with a field 1 that holds a small version, which an
  /// ONNX model follows by its producer, opset or graph, a SavedModel by its graph.
  private static func protocolBuffer(_ start: [UInt8]) -> FileKind? {
    guard start.count > 2, start[0] == 0x08, (1...0x20).contains(start[1]) else { return nil }
    if start[1] == 1, start[2] == 0x12 { return tensors("a TensorFlow SavedModel") }
    return [0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42].contains(start[2])
      ? tensors("an ONNX model") : nil
  }

  private static func text(_ start: [UInt8], _ file: RegularFile) -> FileKind? {
    let isCut = start.count < file.size
    guard let text = Self.printableText(start, isCut: isCut) else { return nil }
    let words = text.drop { $0.isWhitespace || $0 == "\u{FEFF}" }
    if words.hasPrefix("version https://git-lfs.github.com/") {
      return FileKind("a Git LFS pointer", "fetch the file with git lfs pull")
    }
    let lowercased = words.lowercased()
    if ["<!doctype", "<html", "<!--", "<?xml", "<head"].contains(where: lowercased.hasPrefix) {
      return FileKind("a web page", "download the file again")
    }
    if words.first == "{" || words.first == "[" {
      let end = min(file.size, 1 << 20)
      return json((try? file.bytes(at: 0, count: end)) ?? start)
    }
    let start = String(words.prefix { !$0.isNewline }).printable(limit: 40)
    return words.isEmpty ? nil : FileKind("text ('\(start)')", "weights are not kept as text")
  }

  /// The bytes as text, if that is what they are, but for a last character that is cut.
  private static func printableText(_ bytes: [UInt8], isCut: Bool) -> String? {
    guard bytes.count >= 8, bytes.allSatisfy({ $0 >= 32 && $0 != 127 || (9...13).contains($0) })
    else { return nil }
    for cut in 0...(isCut ? 3 : 0) {
      if let text = String(validating: bytes.dropLast(cut), as: UTF8.self) { return text }
    }
    return nil
  }

  /// What a JSON file is; `bytes` may be the start of a longer one.
  private static func json(_ bytes: [UInt8]) -> FileKind {
    let text = String(decoding: bytes, as: UTF8.self)
    var (files, seen): ([String], Set<Substring>) = ([], [])
    if text.utf8.contains("\"weight_map\"".utf8) {
      for part in text.split(separator: "\"") where part.utf8.count <= 200 {
        let isFile = part.hasSuffix(".safetensors") || part.hasSuffix(".bin")
        if isFile, seen.insert(part).inserted, files.count < 2 { files.append(String(part)) }
      }
    }
    guard !files.isEmpty else {
      return FileKind("a JSON file", "the weights are in another file, such as model.safetensors")
    }
    let count = seen.count
    let names = files.map { $0.printable() }.joined(separator: ", ") + (count > 2 ? ", …" : "")
    return FileKind(
      "a JSON index of shards",
      count == 1
        ? "the weights are in \(names) beside it"
        : "the weights are in \(count) files (\(names)); join them into one"
    )
  }
}
