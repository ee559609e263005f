import Autodiff
import Files

/// Reads every image of a folder, to the last row, and says what there is.
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
    var digests: [Digest: [Int]] = [:]
    let step = 16 * pool.threads
    for start in stride(from: 0, to: tree.images.count, by: step) {
      let part = Array(tree.images[start..<min(start + step, tree.images.count)])
      let results = pool.map(part) { read("\(root)/\($0)") }
      for (offset, result) in results.enumerated() {
        switch result {
        case .success(let facts):
          report.add(facts.header, width: facts.width, height: facts.height, path: part[offset])
          digests[facts.digest, default: []].append(start + offset)
          if let note = facts.note { report.add(note: note) }
        case .failure(let error):
          report.add(error)
          try bad(error)
        }
      }
      try progress(start + part.count, tree.images.count)
    }
    report.nameClasses()
    for group in digests.values.filter({ $0.count > 1 }).sorted(by: { $0[0] < $1[0] }) {
      try addDuplicates(group.map { tree.images[$0] }, in: root, to: &report)
    }
    return report
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
    _ paths: [String], in root: String, to report: inout FolderReport
  ) throws {
    var groups: [(bytes: [UInt8], paths: [String])] = []
    for path in paths {
      guard let bytes = try? decoder.fileBytes("\(root)/\(path)") else { continue }
      if let group = groups.firstIndex(where: { $0.bytes == bytes }) {
        groups[group].paths.append(path)
      } else {
        groups.append((bytes, [path]))
      }
    }
    report.duplicates += groups.map(\.paths).filter { $0.count > 1 }
  }
}
