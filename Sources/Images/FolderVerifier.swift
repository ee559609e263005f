import Autodiff
import Files

/// Reads every image of a folder, or of tables, to the last row, and says what there is.
///
/// One image a thread is in memory; of each file stay its path and 24 bytes.
public struct FolderVerifier: Sendable {
  private let decoder: ImageDecoder
  private let pool: WorkerPool

  /// A verifier that reads images as training would.
  public init(decoder: ImageDecoder, pool: WorkerPool) {
    self.decoder = decoder
    self.pool = pool
  }

  /// Reads the images in a folder and the folders in it.
  ///
  /// - Parameters:
  ///   - splits: The paths in it of folders that hold those of classes; those whose names say so
  ///     are known.
  ///   - bad: Called with each image that cannot be read, in order.
  ///   - progress: Called with the images read so far and all there are.
  /// - Throws: `DatasetError` for a folder that cannot be read or has no images.
  public func callAsFunction(
    _ root: String, splits: [String] = [], bad: (ImageError) throws -> Void = { _ in },
    progress: (Int, Int) throws -> Void = { _, _ in }
  ) throws -> FolderReport {
    let root = withoutEndSlash(root)
    let tree = try ImageTree(root)
    guard !tree.images.isEmpty else {
      let found = tree.others.isEmpty ? "" : "; other files: \(ImageNames.listed(tree.others))"
      throw DatasetError(path: root, reason: "no \(ImageFormat.readNames) images in it" + found)
    }
    let named = tree.folders.filter { SplitRole(folder: $0) != nil }
    var report = FolderReport(others: tree.others, splits: named + splits)
    try add(
      tree.images, at: { "\(root)/\($0)" }, to: &report, bad: bad, progress: progress
    ) { report, facts, place in
      report.add(facts.header, width: facts.width, height: facts.height, path: tree.images[place])
    }
    return report
  }

  /// Reads the images that tables list, as the other call does those of a folder. Splits are those
  /// of the tables or, of several tables without, their names.
  public func callAsFunction(
    _ tables: [ImageTable], bad: (ImageError) throws -> Void = { _ in },
    progress: (Int, Int) throws -> Void = { _, _ in }
  ) throws -> FolderReport {
    let rows = tables.flatMap { table in
      let name = tables.count > 1 ? String(table.path.split(separator: "/").last ?? "") : ""
      return table.rows.map {
        (file: table.file(of: $0), split: Array(($0.split ?? name).utf8), class: $0.label)
      }
    }
    var report = FolderReport(others: [:], splits: [])
    try add(
      rows.map(\.file), at: { $0 }, to: &report, bad: bad, progress: progress
    ) { report, facts, place in
      let row = rows[place]
      report.add(
        facts.header, width: facts.width, height: facts.height, split: row.split,
        class: Array(row.class.utf8))
    }
    return report
  }

  /// Adds images to a report, and what `adding` does for each that is sound, by its place.
  private func add(
    _ images: [String], at path: @Sendable (String) -> String, to report: inout FolderReport,
    bad: (ImageError) throws -> Void, progress: (Int, Int) throws -> Void,
    adding: (inout FolderReport, Facts, Int) -> Void
  ) throws {
    var digests: [Digest: [Int]] = [:]
    let step = 16 * pool.threads
    for start in stride(from: 0, to: images.count, by: step) {
      let part = Array(images[start..<min(start + step, images.count)])
      let results = pool.map(part) { read(path($0)) }
      for (offset, result) in results.enumerated() {
        switch result {
        case .success(let facts):
          adding(&report, facts, start + offset)
          digests[facts.digest, default: []].append(start + offset)
          if let note = facts.note { report.add(note: note) }
        case .failure(let error):
          report.add(error)
          try bad(error)
        }
      }
      try progress(start + part.count, images.count)
    }
    report.nameClasses()
    for group in digests.values.filter({ $0.count > 1 }).sorted(by: { $0[0] < $1[0] }) {
      addDuplicates(group.map { images[$0] }, at: path, to: &report)
    }
  }

  private struct Digest: Hashable {
    let count: Int
    let hash: FNV1a
  }

  private struct Facts {
    let header: ImageHeader
    let (width, height): (Int, Int)
    let digest: Digest
    let note: ImageError?
  }

  private func read(_ path: String) -> Result<Facts, ImageError> {
    do throws(ImageError) {
      let bytes = try decoder.fileBytes(path)
      var note: ImageError?
      let image = try decoder.decode(bytes, name: path, noting: { note = $0 })
      guard let header = ImageHeader(bytes, name: path, maxBytes: decoder.maxBytes) else {
        throw ImageError(path: path, reason: "its header cannot be read")
      }
      let hash = bytes.withUnsafeBufferPointer { FNV1a($0) }
      return .success(
        Facts(
          header: header, width: image.width, height: image.height,
          digest: Digest(count: bytes.count, hash: hash), note: note))
    } catch {
      return .failure(error)
    }
  }

  /// Adds those of files with one digest that have the same bytes.
  private func addDuplicates(
    _ paths: [String], at file: (String) -> String, to report: inout FolderReport
  ) {
    var groups: [(bytes: [UInt8], paths: [String])] = []
    for path in paths {
      guard let bytes = try? decoder.fileBytes(file(path)) else { continue }
      if let group = groups.firstIndex(where: { $0.bytes == bytes }) {
        groups[group].paths.append(path)
      } else {
        groups.append((bytes, [path]))
      }
    }
    report.duplicates += groups.map(\.paths).filter { $0.count > 1 }
  }
}
