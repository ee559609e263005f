import Foundation
import Testing

@testable import Images

/// CIFAR's binary version, in archives that Python made.
@Suite struct CIFARTests {
  private struct Expected: Decodable { let split: String, name: String, place: Int, sum: Int }

  private let folder: TemporaryFolder
  private static let fixtures = (Bundle.module.resourcePath ?? "") + "/Fixtures/cifar/"
  private static let sources = [
    (CIFAR.ten, "cifar-10-binary.tar.gz"), (CIFAR.hundred, "cifar-100-binary.tar"),
  ]

  init() throws { folder = try TemporaryFolder() }

  private func archive(_ name: String) throws -> [UInt8] {
    try fileContents(Self.fixtures + name, maxBytes: 1 << 20)
  }

  private func reason(_ bytes: [UInt8], _ data: CIFAR = .hundred) throws -> String {
    try folder.write("bad.tar", bytes)
    do { _ = try data.read(from: folder.path + "/bad.tar") } catch {
      #expect(error is DatasetError)
      return "\(error)".replacingOccurrences(of: folder.path + "/bad.tar: ", with: "")
    }
    return "no error"
  }

  /// A file's header in a V7 archive: name, size, checksum; then its bytes, padded.
  private func entry(_ name: String, _ bytes: [UInt8], size: String? = nil) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, _ at: Int) {
      header.replaceSubrange(at..<at + text.utf8.count, with: text.utf8)
    }
    put(name, 0)
    put(size ?? String(bytes.count, radix: 8), 124)
    put("        ", 148)
    put(String(header.reduce(0) { $0 + Int($1) }, radix: 8) + "\0", 148)
    return header + bytes + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
  }

  @Test(arguments: sources) func imagesAreThePixelsOfTheirClasses(data: CIFAR, file: String) throws
  {
    let json = try Data(contentsOf: URL(fileURLWithPath: Self.fixtures + "cifar.json"))
    let all = try JSONDecoder().decode([String: [Expected]].self, from: json)
    let expected = try #require(all[data == .ten ? "ten" : "hundred"])
    let (splits, classes) = try data.read(from: Self.fixtures + file)
    #expect(splits.map(\.name) == ["train", "val"])
    #expect(splits.map(\.labels.count) == (data == .ten ? [10, 2] : [2, 2]))
    #expect(expected.count == splits.reduce(0) { $0 + $1.labels.count })
    for item in expected {
      let split = try #require(splits.first { $0.name == item.split })
      #expect(classes[Int(split.labels[item.place])] == item.name)
      let sum = try split.image(item.place).enumerated().reduce(0) {
        $0 + ($1.offset + 1) * Int($1.element)
      }
      #expect(sum == item.sum)
    }
  }

  @Test(arguments: sources) func theUnpackedFolderIsTheSame(data: CIFAR, file: String) throws {
    let bytes = try archive(file)
    for member in try TarArchive(bytes, name: file).members {
      let name = (member.path as NSString).lastPathComponent
      try folder.write(name, Array(bytes[member.range]))
    }
    let (packed, unpacked) = (
      try data.read(from: Self.fixtures + file), try data.read(from: folder.path)
    )
    #expect(packed.classes == unpacked.classes)
    for (a, b) in zip(packed.splits, unpacked.splits) {
      #expect(try a.labels == b.labels && a.image(1) == b.image(1))
    }
    try FileManager.default.removeItem(
      atPath: folder.path + (data == .ten ? "/data_batch_4.bin" : "/train.bin"))
    let error = #expect(throws: DatasetError.self) { try data.read(from: folder.path) }
    #expect(error?.reason == "cannot open: No such file or directory")
  }

  @Test func damagedArchivesAreErrors() throws {
    let bytes = try archive("cifar-100-binary.tar")
    #expect(try reason(bytes) == "no error")
    #expect(try reason(bytes, .ten) == "no batches.meta.txt in it")
    #expect(try reason([]) == "no fine_label_names.txt in it")
    #expect(try reason(Array(repeating: 7, count: 2000)) == "not a tar archive")
    #expect(try reason(Array(bytes.prefix(300))) == "damaged tar archive: ends within a header")
    for count in [600, 5000, 6000, 7000, 15000] {
      #expect(try reason(Array(bytes.prefix(count))) != "no error")
    }
    var changed = bytes
    changed[512 + 3] ^= 1
    #expect(try reason(changed) == "damaged tar archive: wrong checksum at byte 512")
  }

  @Test func archivesThatLieAreErrors() throws {
    let names = entry("fine_label_names.txt", Array((0..<100).flatMap { Array("c\($0)\n".utf8) }))
    let record = [0, 3] + [UInt8](repeating: 9, count: 3072)
    let (train, test) = (entry("train.bin", record), entry("test.bin", record))
    #expect(try reason(names + train + test) == "no error")
    // Where a path points to does not matter, as nothing is written there.
    #expect(try reason(names + entry("../../train.bin", record) + test) == "no error")
    #expect(
      try reason(names + train + test + entry("a/train.bin", record))
        == "train.bin and a/train.bin are in it")
    for size in ["77777777777", "17777777777777", "-7", "9", "x", "\u{7f}"] {
      #expect(try reason(entry("train.bin", record, size: size)).contains("train.bin"))
    }
    #expect(
      try reason(names + entry("train.bin", record + [1]) + test)
        == "train.bin: 3075 bytes, expected one or more records of 3074")
    #expect(try reason(names + entry("train.bin", []) + test).hasPrefix("train.bin: 0 bytes"))
    #expect(
      try reason(names + train + entry("test.bin", record + [0, 100] + record.dropFirst(2)))
        == "test.bin: label 100 of image 1 is not below 100")
    #expect(
      try reason(entry("fine_label_names.txt", Array("a\n\nb\n".utf8)) + train + test)
        == "fine_label_names.txt: 2 names of classes, expected 100")
  }
}
