import Foundation
import PyTorchFiles
import Safetensors

/// A PyTorch checkpoint: the bytes as a file, and the same bytes as the pickle of an archive.
struct CheckpointTarget: Target {
  private let file = MemoryFile()

  func test(_ bytes: [UInt8]) {
    read(bytes)
    if !bytes.starts(with: "PK".utf8) { read(Self.archive(bytes)) }
  }

  private func read(_ bytes: [UInt8]) {
    file.fill(bytes)
    _ = PyTorchFile.recognizes(file.path)
    for key in [nil, "model"] {
      guard let checkpoint = attempt({ try PyTorchFile(contentsOf: file.path, key: key) }) else {
        continue
      }
      check(checkpoint.skipped.allSatisfy { "\($0)".utf8.count < 1000 }, "a name without end")
      for tensor in checkpoint.tensors where tensor.byteCount < 1 << 20 {
        check(checkpoint.info(tensor.name) == tensor, "another tensor has this name")
        let stored = attempt { try checkpoint.bytes(tensor.name) }
        check(stored?.count == tensor.byteCount, "not as many bytes as the shape says")
        attempt { try checkpoint.floats(tensor.name) }
      }
    }
  }

  /// A zip archive of a pickle and a storage of 64 bytes, "0".
  private static func archive(_ pickle: [UInt8]) -> [UInt8] {
    func number(_ value: Int, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    let entries = [("a/data.pkl", pickle), ("a/data/0", (0..<64).map { UInt8($0) })]
    var (file, directory): ([UInt8], [UInt8]) = ([], [])
    for (name, bytes) in entries {
      let fields =
        number(0, 12) + number(bytes.count, 4) + number(bytes.count, 4) + number(name.utf8.count, 2)
      directory += [UInt8]("PK\u{1}\u{2}".utf8) + number(20, 4) + fields + number(0, 12)
      directory += number(file.count, 4) + [UInt8](name.utf8)
      file += [UInt8]("PK\u{3}\u{4}".utf8) + number(20, 2) + fields + number(0, 2)
      file += [UInt8](name.utf8) + bytes
    }
    return file + directory + [UInt8]("PK\u{5}\u{6}".utf8) + number(0, 4) + number(2, 2)
      + number(2, 2) + number(directory.count, 4) + number(file.count, 4) + number(0, 2)
  }

  func writeSeeds(to folder: String) throws {
    var pickle: [UInt8] = [0x80, 2, 0x7D, 0x28, 0x58, 1, 0, 0, 0, 0x77]  // {"w":
    pickle += [UInt8](
      "ctorch._utils\n_rebuild_tensor_v2\n((X\u{7}\0\0\0storagectorch\nFloatStorage\n".utf8)
    pickle += [UInt8](
      "X\u{1}\0\0\u{0}0X\u{3}\0\0\u{0}cpuK\u{10}tQK\0K\u{4}K\u{2}\u{86}".utf8.filter { $0 != 0xC2 })
    pickle += [UInt8]("K\u{2}K\u{1}".utf8) + [0x86, 0x89] + [UInt8]("NtRu.".utf8)
    try write(pickle, "pickle", to: folder)
  }
}
