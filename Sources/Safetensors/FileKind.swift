import Files

/// What a file is that is given as weights and is no safetensors file, by its content alone.
package enum FileKind: Hashable, Sendable {
  case torchArchive, torchScript, pickle
  case numpyArchive, numpyArray, hdf5, keras, onnx, gguf, savedModel, tensorFlowIndex, tfLite
  /// The shards that a JSON index names, at most the first two, and how many there are.
  case shardIndex(files: [String], count: Int)
  case json, zip, cutZip, gzip, compressed(String), tar, image(String)
  case webPage, lfsPointer, zeros
  /// Text, with how it begins.
  case text(String)

  /// The kind in words: "an ONNX model".
  package var name: String {
    switch self {
    case .torchArchive: "a zip archive (a PyTorch checkpoint)"
    case .torchScript: "a TorchScript archive"
    case .pickle: "a Python pickle (a PyTorch checkpoint?)"
    case .numpyArchive: "a NumPy archive (.npz)"
    case .numpyArray: "a NumPy array (.npy)"
    case .hdf5: "an HDF5 file (.h5)"
    case .keras: "a Keras model (.keras)"
    case .onnx: "an ONNX model"
    case .gguf: "a GGUF model"
    case .savedModel: "a TensorFlow SavedModel"
    case .tensorFlowIndex: "the index of a TensorFlow checkpoint"
    case .tfLite: "a TensorFlow Lite model"
    case .shardIndex: "a JSON index of shards"
    case .json: "a JSON file"
    case .zip: "a zip archive"
    case .cutZip: "a zip archive (a PyTorch checkpoint?) that is cut short"
    case .gzip: "a gzip archive"
    case .compressed(let name): "a file compressed by \(name)"
    case .tar: "a tar archive"
    case .image(let format): "a \(format) image"
    case .webPage: "a web page"
    case .lfsPointer: "a Git LFS pointer"
    case .zeros: "a file that begins with zeros (a download that was not finished?)"
    case .text(let start): "text ('\(start.printable(limit: 40))')"
    }
  }

  /// What to do about it.
  package var advice: String {
    let converter = "convert it with Scripts/convert_pth.py"
    switch self {
    case .torchArchive, .pickle: return converter
    case .cutZip: return "download it again, then \(converter)"
    case .torchScript:
      return "save the state dict of the model in it with PyTorch, and \(converter)"
    case .numpyArchive, .numpyArray, .hdf5, .keras, .onnx, .gguf, .savedModel, .tensorFlowIndex,
      .tfLite:
      return "write its tensors with the safetensors package of Python, under timm's names"
    case .shardIndex(let files, let count):
      let names = files.map { $0.printable() }.joined(separator: ", ") + (count > 2 ? ", …" : "")
      return count == 1
        ? "the weights are in \(names) beside it"
        : "the weights are in \(count) files (\(names)); join them into one"
    case .json: return "the weights are in another file, such as model.safetensors"
    case .zip, .gzip, .compressed, .tar: return "unpack it first"
    case .image: return "images go behind the options, weights to --weights"
    case .webPage, .zeros: return "download the file again"
    case .lfsPointer: return "fetch the file with git lfs pull"
    case .text: return "weights are not kept as text"
    }
  }
}

extension FileKind {
  /// The kind of a file that is not safetensors, or nil if it is none that is known.
  ///
  /// Asked only after the bytes have failed as safetensors: a header of 640 bytes begins with
  /// `80 02`, as a pickle does.
  ///
  /// - Parameter start: the first bytes of the file, 512 of them if it has as many.
  init?(of file: RegularFile, start: [UInt8]) {
    if let kind = Self.signatures.first(where: { $0.isAt(start) })?.kind {
      self = kind
    } else if start.starts(with: "PK\u{3}\u{4}".utf8) {
      self = ZipDirectory.kind(of: file)
    } else if start.count > 1, start[0] == 0x80, (2...5).contains(start[1]) {
      self = .pickle
    } else if start.count == 512, start.allSatisfy({ $0 == 0 }) {
      self = .zeros
    } else if let kind = Self.protocolBuffer(start) ?? Self.text(start, file) {
      self = kind
    } else if file.size > 48, let end = try? file.bytes(at: file.size - 8, count: 8),
      end == [0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB]
    {
      self = .tensorFlowIndex
    } else {
      return nil
    }
  }

  /// Bytes at a fixed place.
  private struct Signature {
    let bytes: [UInt8]
    var offset = 0
    let kind: FileKind

    func isAt(_ start: [UInt8]) -> Bool { start.dropFirst(offset).starts(with: bytes) }
  }

  private static let signatures = [
    Signature(bytes: [0x89] + "HDF\r\n\u{1A}\n".utf8, kind: .hdf5),
    Signature(bytes: [0x93] + "NUMPY".utf8, kind: .numpyArray),
    Signature(bytes: Array("GGUF".utf8), kind: .gguf),
    Signature(bytes: Array("lmgg".utf8), kind: .gguf),  // GGML, as its magic lies in the file
    Signature(bytes: Array("tjgg".utf8), kind: .gguf),
    Signature(bytes: Array("fmgg".utf8), kind: .gguf),
    Signature(bytes: Array("TFL3".utf8), offset: 4, kind: .tfLite),
    Signature(bytes: [0x89] + "PNG\r\n\u{1A}\n".utf8, kind: .image("PNG")),
    Signature(bytes: [0xFF, 0xD8, 0xFF], kind: .image("JPEG")),
    Signature(bytes: Array("GIF8".utf8), kind: .image("GIF")),
    Signature(bytes: Array("WEBP".utf8), offset: 8, kind: .image("WebP")),
    Signature(bytes: [0x1F, 0x8B, 8], kind: .gzip),
    Signature(bytes: Array("BZh".utf8), kind: .compressed("bzip2")),
    Signature(bytes: [0xFD] + "7zXZ\0".utf8, kind: .compressed("xz")),
    Signature(bytes: [0x28, 0xB5, 0x2F, 0xFD], kind: .compressed("Zstandard")),
    Signature(bytes: [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], kind: .compressed("7-Zip")),
    Signature(bytes: Array("ustar".utf8), offset: 257, kind: .tar),
  ]

  /// ONNX and TensorFlow's SavedModel begin with a field 1 that holds a small version, which an
  /// ONNX model follows by its producer, opset or graph, a SavedModel by its graph.
  private static func protocolBuffer(_ start: [UInt8]) -> FileKind? {
    guard start.count > 2, start[0] == 0x08, (1...0x20).contains(start[1]) else { return nil }
    if start[1] == 1, start[2] == 0x12 { return .savedModel }
    return [0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42].contains(start[2]) ? .onnx : nil
  }

  private static func text(_ start: [UInt8], _ file: RegularFile) -> FileKind? {
    let isCut = start.count < file.size
    guard let text = Self.printableText(start, isCut: isCut) else { return nil }
    let words = text.drop { $0.isWhitespace || $0 == "\u{FEFF}" }
    if words.hasPrefix("version https://git-lfs.github.com/") { return .lfsPointer }
    let lowercased = words.lowercased()
    if ["<!doctype", "<html", "<!--", "<?xml", "<head"].contains(where: lowercased.hasPrefix) {
      return .webPage
    }
    if words.first == "{" || words.first == "[" {
      let end = min(file.size, 1 << 20)
      return JSONFile.kind((try? file.bytes(at: 0, count: end)) ?? start)
    }
    return words.isEmpty ? nil : .text(String(words.prefix { !$0.isNewline }))
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
}

/// What a JSON file is that stands where weights should.
private enum JSONFile {
  /// `bytes` may be the start of a longer file.
  static func kind(_ bytes: [UInt8]) -> FileKind {
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.utf8.contains("\"weight_map\"".utf8) else { return .json }
    var (files, seen): ([String], Set<Substring>) = ([], [])
    for part in text.split(separator: "\"") where part.utf8.count <= 200 {
      let isFile = part.hasSuffix(".safetensors") || part.hasSuffix(".bin")
      if isFile, seen.insert(part).inserted, files.count < 2 { files.append(String(part)) }
    }
    return files.isEmpty ? .json : .shardIndex(files: files, count: seen.count)
  }
}
