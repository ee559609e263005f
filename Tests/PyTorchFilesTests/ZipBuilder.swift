import Foundation
import Safetensors
import Testing

@testable import PyTorchFiles

/// A folder of a test's own, which goes when the value does.
final class TemporaryFolder {
  let url = FileManager.default.temporaryDirectory
    .appendingPathComponent("pytorch-files-\(UUID().uuidString)")

  init() throws {
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func write(_ bytes: [UInt8], to name: String = "a.pth") throws -> String {
    let path = url.appendingPathComponent(name).path
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }
}

/// The description of the error of a checkpoint, without its path.
func errorText(_ path: String, key: String? = nil) throws -> String {
  let error = try #require(throws: TensorFileError.self) {
    try PyTorchFile(contentsOf: path, key: key)
  }
  #expect(error.description.hasPrefix("\(path): "))
  return String(error.description.dropFirst(path.count + 2))
}

func errorText(of bytes: [UInt8]) throws -> String {
  let folder = try TemporaryFolder()
  return try errorText(try folder.write(bytes))
}

/// Bytes of a number, little-endian.
func little(_ number: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: number.littleEndian) { [UInt8]($0) }
}

/// An entry of a zip archive, and what is to be wrong with it.
struct ZipEntry {
  var name: String
  var bytes: [UInt8]
  var method: UInt16 = 0
  var flags: UInt16 = 0
  /// The size by the directory, if it is not that of the bytes.
  var size: Int?
  /// The size of the data before they are packed, if that is another.
  var unpackedSize: Int?
  /// Where the directory says that the entry begins, if not where it does.
  var start: Int?
  /// The name in the entry's own header, if that is another.
  var ownName: String?
  var isWide = false  // has 64-bit fields
}

/// A zip archive of these entries.
func zip(_ entries: [ZipEntry], isWide: Bool = false) -> [UInt8] {
  var (archive, directory): ([UInt8], [UInt8]) = ([], [])
  for entry in entries {
    let start = entry.start ?? archive.count
    let size = entry.size ?? entry.bytes.count
    let sizes = (packed: size, unpacked: entry.unpackedSize ?? size)
    let name = [UInt8](entry.name.utf8)
    let ownName = entry.ownName.map { [UInt8]($0.utf8) } ?? name
    let fixed = little(entry.flags) + little(entry.method) + Array(repeating: 0, count: 8)
    let padding: [UInt8] = Array("FB".utf8) + little(UInt16(4)) + [0, 0, 0, 0]
    archive += Array("PK\u{3}\u{4}".utf8) + [20, 0] + fixed
    archive += little(UInt32(sizes.packed)) + little(UInt32(sizes.unpacked))
    archive += little(UInt16(ownName.count)) + little(UInt16(padding.count)) + ownName + padding
    archive += entry.bytes
    let wide =
      little(UInt16(1)) + little(UInt16(24)) + little(UInt64(sizes.unpacked))
      + little(UInt64(sizes.packed)) + little(UInt64(start))
    let extra = entry.isWide ? wide : []
    func narrow(_ number: Int) -> [UInt8] { little(entry.isWide ? UInt32.max : UInt32(number)) }
    directory += Array("PK\u{1}\u{2}".utf8) + [20, 0, 20, 0] + fixed
    directory += narrow(sizes.packed) + narrow(sizes.unpacked)
    directory += little(UInt16(name.count)) + little(UInt16(extra.count))
    directory += Array(repeating: 0, count: 10) + narrow(start) + name + extra
  }
  let (start, count) = (archive.count, entries.count)
  archive += directory
  if isWide {
    let record = archive.count
    archive += Array("PK\u{6}\u{6}".utf8) + little(UInt64(44)) + [45, 0, 45, 0]
    archive += Array(repeating: 0, count: 8) + little(UInt64(count)) + little(UInt64(count))
    archive += little(UInt64(directory.count)) + little(UInt64(start))
    archive += Array("PK\u{6}\u{7}".utf8) + [0, 0, 0, 0] + little(UInt64(record)) + [1, 0, 0, 0]
  }
  archive += Array("PK\u{5}\u{6}".utf8) + [0, 0, 0, 0]
  let narrow = isWide ? little(UInt16.max) : little(UInt16(count))
  archive += narrow + narrow
  archive += isWide ? little(UInt32.max) : little(UInt32(directory.count))
  archive += (isWide ? little(UInt32.max) : little(UInt32(start))) + [0, 0]
  return archive
}

/// A checkpoint whose content is this pickle, with a storage '0' of so many bytes: 0, 1, 2, …
func checkpoint(_ pickle: [UInt8], storage count: Int = 16) -> [UInt8] {
  zip([
    ZipEntry(name: "a/data.pkl", bytes: pickle),
    ZipEntry(name: "a/data/0", bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0) }),
  ])
}
