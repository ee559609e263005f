import Foundation

/// CIFAR-10 and CIFAR-100 (Krizhevsky 2009) in their binary version: colour images of 32 × 32
/// pixels, each a record of its label (in CIFAR-100 the coarse, then the fine one) and its red,
/// green and blue planes.
package enum CIFAR: Hashable, Sendable, CaseIterable {
  /// Ten classes; `cifar-10-binary.tar.gz`.
  case ten
  /// A hundred classes, the fine labels; `cifar-100-binary.tar.gz`.
  case hundred

  /// The splits `train` and `val` (the data set's test images) and the names of the classes.
  ///
  /// - Parameter source: The archive, gzipped or not, or the folder that it unpacks to.
  package func read(
    from source: String
  ) throws -> (splits: [ImageFolderWriter.Split], classes: [String]) {
    let files = try Files(source)
    let names = try files.bytes(namesFile)
    let classes = String(decoding: names, as: UTF8.self).split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    guard classes.count == classCount else {
      throw DatasetError(
        path: files.path(namesFile),
        reason: "\(classes.count) names of classes, expected \(classCount)")
    }
    let train = try split("train", trainFiles, files)
    return ([train, try split("val", [testFile], files)], classes)
  }

  private func split(
    _ name: String, _ parts: [String], _ files: Files
  ) throws -> ImageFolderWriter.Split {
    let record = labelBytes + 3 * 1024
    var bytes: [UInt8] = []
    for part in parts {
      let records = try files.bytes(part)
      func error(_ reason: String) -> DatasetError {
        DatasetError(path: files.path(part), reason: reason)
      }
      guard !records.isEmpty, records.count % record == 0 else {
        throw error("\(records.count) bytes, expected one or more records of \(record)")
      }
      let labels = stride(
        from: records.startIndex + labelBytes - 1, to: records.endIndex, by: record)
      if let at = labels.first(where: { Int(records[$0]) >= classCount }) {
        let image = (at - records.startIndex) / record
        throw error("label \(records[at]) of image \(image) is not below \(classCount)")
      }
      bytes += records
    }
    let (labelBytes, all) = (self.labelBytes, bytes.count / record)
    return ImageFolderWriter.Split(
      name: name, labels: (0..<all).map { bytes[$0 * record + labelBytes - 1] }, width: 32,
      height: 32
    ) { [bytes] image in
      let planes = image * record + labelBytes
      return [UInt8](unsafeUninitializedCapacity: 3072) { pixels, count in
        for i in 0..<1024 {
          for c in 0..<3 { pixels[3 * i + c] = bytes[planes + 1024 * c + i] }
        }
        count = 3072
      }
    }
  }

  private var classCount: Int { self == .ten ? 10 : 100 }
  private var labelBytes: Int { self == .ten ? 1 : 2 }
  private var namesFile: String { self == .ten ? "batches.meta.txt" : "fine_label_names.txt" }
  private var testFile: String { self == .ten ? "test_batch.bin" : "test.bin" }
  private var trainFiles: [String] {
    self == .ten ? (1...5).map { "data_batch_\($0).bin" } : ["train.bin"]
  }

  private struct Files {
    private let source: String
    private var archive: (bytes: [UInt8], headers: TarArchive)?

    init(_ source: String) throws {
      self.source = source
      guard FolderIdentity(path: source) == nil else { return }
      let bytes = try fileContents(source)
      archive = (bytes, try TarArchive(bytes, name: source))
    }

    func path(_ name: String) -> String {
      archive == nil ? "\(source)/\(name)" : "\(source): \(name)"
    }

    func bytes(_ name: String) throws -> ArraySlice<UInt8> {
      guard let archive else { return try fileContents("\(source)/\(name)")[...] }
      guard let member = try archive.headers.member(name, of: source) else {
        throw DatasetError(path: source, reason: "no \(name) in it")
      }
      return archive.bytes[member.range]
    }
  }
}
