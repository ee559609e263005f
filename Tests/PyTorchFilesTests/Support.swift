import Foundation
import Safetensors
import Testing

@testable import PyTorchFiles

/// A file of Fixtures/, which make_fixtures.py writes.
func fixture(_ name: String) throws -> String {
  try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil)).path
}

/// Calls `body` with a file of these bytes, which is gone afterwards.
func withFile<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
  let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
  defer { try? FileManager.default.removeItem(atPath: path) }
  try Data(bytes).write(to: URL(fileURLWithPath: path))
  return try body(path)
}

/// The error of opening a file of these bytes, without its path; "opened" if there is none.
func fault(_ bytes: [UInt8]) throws -> String {
  try withFile(bytes) { path in
    do {
      _ = try PyTorchFile(contentsOf: path)
      return "opened"
    } catch {
      return "\(error)".replacingOccurrences(of: "\(path): ", with: "")
    }
  }
}

func littleEndian(_ number: Int, _ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
}

/// A zip archive with entries stored as they are, and what is wrong in it.
struct Archive {
  struct Entry {
    var name: String
    var bytes: [UInt8]
    var method = 0
    var flags = 0
    var size: Int?  // said, where it is another than the bytes have
    var start: Int?  // of the header, where it is another
    var localName: String?
  }
  var entries: [Entry]

  init(pickle: [UInt8], storages: [String: [UInt8]] = [:], more: [Entry] = []) {
    entries =
      [Entry(name: "a/data.pkl", bytes: pickle)]
      + storages.sorted { $0.key < $1.key }.map { Entry(name: "a/data/\($0.key)", bytes: $0.value) }
      + more
  }

  var bytes: [UInt8] {
    var (file, directory): ([UInt8], [UInt8]) = ([], [])
    for entry in entries {
      let (start, size) = (entry.start ?? file.count, entry.size ?? entry.bytes.count)
      let fields =
        littleEndian(entry.flags, 2) + littleEndian(entry.method, 2) + littleEndian(0, 8)
        + littleEndian(size, 4) + littleEndian(size, 4)
      let local = Array((entry.localName ?? entry.name).utf8)
      file += Array("PK\u{3}\u{4}".utf8) + littleEndian(20, 2) + fields
      file += littleEndian(local.count, 2) + littleEndian(0, 2) + local + entry.bytes
      directory += Array("PK\u{1}\u{2}".utf8) + littleEndian(20, 2) + littleEndian(20, 2) + fields
      directory += littleEndian(entry.name.utf8.count, 2) + littleEndian(0, 12)
      directory += littleEndian(start, 4) + Array(entry.name.utf8)
    }
    let end =
      Array("PK\u{5}\u{6}".utf8) + littleEndian(0, 4) + littleEndian(entries.count, 2)
      + littleEndian(entries.count, 2) + littleEndian(directory.count, 4)
      + littleEndian(file.count, 4) + littleEndian(0, 2)
    return file + directory + end
  }
}

/// The opcodes and arguments of a pickle.
struct PickleWriter {
  var bytes: [UInt8] = [0x80, 2]

  mutating func op(_ opcode: PickleOpcode, _ arguments: [UInt8] = []) {
    bytes += [opcode.rawValue] + arguments
  }

  mutating func text(_ text: String) {
    op(.binunicode, littleEndian(text.utf8.count, 4) + Array(text.utf8))
  }

  mutating func global(_ module: String, _ name: String) {
    op(.global, Array("\(module)\n\(name)\n".utf8))
  }

  mutating func integer(_ number: Int) {
    if Int32(exactly: number) == nil {
      op(.long1, [8] + littleEndian(number, 8))
    } else {
      op(.binint, littleEndian(number, 4))
    }
  }

  mutating func tuple(_ parts: (inout PickleWriter) -> Void) {
    op(.mark)
    parts(&self)
    op(.tuple)
  }

  /// A tensor of F32 in the storage "0".
  mutating func tensor(
    count: Int = 4, offset: Int = 0, shape: [Int] = [4], strides: [Int] = [1], key: String = "0",
    storage: String = "FloatStorage"
  ) {
    global("torch._utils", "_rebuild_tensor_v2")
    tuple { p in
      p.tuple { p in
        p.text("storage")
        p.global("torch", storage)
        p.text(key)
        p.text("cpu")
        p.integer(count)
      }
      p.op(.binpersid)
      p.integer(offset)
      p.tuple { p in shape.forEach { p.integer($0) } }
      p.tuple { p in strides.forEach { p.integer($0) } }
      p.op(.newfalse)
      p.op(.none)
    }
    op(.reduce)
  }

  /// {"w": tensor, and what `more` puts as a key and a value}
  static func dictionary(
    _ more: (inout PickleWriter) -> Void = { _ in },
    tensor: (inout PickleWriter) -> Void = { $0.tensor() }
  ) -> [UInt8] {
    var p = PickleWriter()
    p.op(.emptyDict)
    p.op(.mark)
    p.text("w")
    tensor(&p)
    more(&p)
    p.op(.setitems)
    p.op(.stop)
    return p.bytes
  }
}

let fourFloats: [UInt8] = [Float(1), 2, 3, 4].flatMap { littleEndian(Int($0.bitPattern), 4) }
