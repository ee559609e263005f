import Autodiff
import Files
import Foundation

/// Reads every image of a folder, or of lists, to the last row, or every clip to the last frame,
/// and says what there is.
///
/// One image or clip a thread is open; of each file stay its path and 16 bytes.
package struct FolderVerifier: Sendable {
  private let decoder: ImageDecoder
  /// What is read instead of images, if anything.
  private let clips: ClipDecoder?
  private let pool: WorkerPool

  /// Of images.
  package init(decoder: ImageDecoder, pool: WorkerPool) {
    (self.decoder, clips, self.pool) = (decoder, nil, pool)
  }

  /// Of clips.
  package init(clips: ClipDecoder, pool: WorkerPool) {
    (decoder, self.clips, self.pool) = (clips.images, clips, pool)
  }

  /// Reads the images in a folder and the folders in it.
  ///
  /// - Parameters:
  ///   - splits: The paths in it of folders that hold those of classes; those whose names say so
  ///     are known.
  ///   - bad: Called with each image that cannot be read, in order.
  ///   - progress: Called with the images read so far and all there are.
  package func callAsFunction(
    _ root: String, splits: [String] = [], bad: (ImageError) throws -> Void = { _ in },
    progress: (Int, Int) throws -> Void = { _, _ in }
  ) throws -> FolderReport {
    let root = withoutEndSlash(root)
    guard FolderIdentity(path: root) != nil else {
      let isFile = FileManager.default.fileExists(atPath: root)
      throw DatasetError(path: root, reason: isFile ? expectation : "no such file or folder")
    }
    let splits =
      (try ImageFolder.folders(in: root).filter { SplitRole(folder: $0) != nil } + splits)
      .sorted { $0.utf8.count > $1.utf8.count }
    let tree = try ImageTree(root, of: kind, classesIn: [""] + splits)
    guard !tree.images.isEmpty else {
      let found = tree.others.isEmpty ? "" : "; other files: \(ImageNames.listed(tree.others))"
      let advice = kind.advice(on: tree.others.keys).map { "; \($0)" } ?? ""
      throw DatasetError(path: root, reason: "no \(kind.described) in it" + found + advice)
    }
    return try report(
      tree.images, at: { "\(root)/\($0)" }, others: tree.others, bad: bad, progress: progress
    ) { image in
      let path = tree.images[image].utf8
      let split = splits.first { path.starts(with: "\($0)/".utf8) } ?? ""
      let parts = path.dropFirst(split.isEmpty ? 0 : split.utf8.count + 1)
        .split(separator: UInt8(ascii: "/"))
      return (Array(split.utf8), parts.count > 1 ? Array(parts[0]) : [])
    }
  }

  private var kind: ExampleKind { clips == nil ? .images : .clips }

  private var expectation: String {
    "expected a folder of \(kind.plural), or a list of them in a file that ends in .csv"
      + (kind == .clips ? " or .txt" : "")
  }

  /// Reads the images or clips of lists, as the other call does those of a folder. Splits are those
  /// of the lists or, of several lists without, their names.
  package func callAsFunction(
    _ lists: [any ExampleList], bad: (ImageError) throws -> Void = { _ in },
    progress: (Int, Int) throws -> Void = { _, _ in }
  ) throws -> FolderReport {
    let rows = lists.flatMap { list in
      let name = lists.count > 1 ? String(list.path.split(separator: "/").last ?? "") : ""
      return list.entries.map {
        (file: $0.file, split: Array(($0.split ?? name).utf8), class: $0.label)
      }
    }
    return try report(
      rows.map(\.file), at: { $0 }, others: [:], bad: bad, progress: progress
    ) { (rows[$0].split, Array(rows[$0].class.utf8)) }
  }

  /// Reads images, of which `place` says the split and the class by the bytes of their names.
  private func report(
    _ images: [String], at path: (String) -> String, others: [String: Int],
    bad: (ImageError) throws -> Void, progress: (Int, Int) throws -> Void,
    place: (Int) -> (split: [UInt8], class: [UInt8])
  ) throws -> FolderReport {
    var report = FolderReport(others: others)
    var same: [FNV1a: [Int]] = [:]  // what have one hash, and probably the same bytes
    let step = 16 * pool.threads
    for start in stride(from: 0, to: images.count, by: step) {
      let part = Array(images[start..<min(start + step, images.count)])
      let results = pool.map(part) { read(path($0)) }
      for (offset, result) in results.enumerated() {
        switch result {
        case .success(let facts):
          facts.add(&report, place(start + offset))
          if let hash = facts.hash { same[hash, default: []].append(start + offset) }
          if let note = facts.note { report.notes.append(.init(note)) }
        case .failure(let error):
          report.bad.append(.init(error))
          try bad(error)
        }
      }
      try progress(start + part.count, images.count)
    }
    report.nameClasses()
    for group in same.values.filter({ $0.count > 1 }).sorted(by: { $0[0] < $1[0] }) {
      let copies = Dictionary(grouping: group) { try? decoder.fileBytes(path(images[$0])) }
        .filter { $0.key != nil && $0.value.count > 1 }
      report.duplicates += copies.values.sorted { $0[0] < $1[0] }.map { $0.map { images[$0] } }
    }
    return report
  }

  private struct Facts {
    /// Adds the image or the clip to a report, by split and class.
    let add: @Sendable (inout FolderReport, (split: [UInt8], class: [UInt8])) -> Void
    /// Of the bytes of the file; of clips none, as that may be a folder, or large.
    let hash: FNV1a?
    let note: ImageError?
  }

  private func read(_ path: String) -> Result<Facts, ImageError> {
    do throws(ImageError) {
      if let clips { return .success(try facts(of: clips.open(path))) }
      let bytes = try decoder.fileBytes(path)
      var note: ImageError?
      let image = try decoder.decode(bytes, name: path, noting: { note = $0 })
      guard let header = ImageHeader(bytes, name: path, maxBytes: decoder.maxBytes) else {
        throw ImageError(path: path, reason: "its header cannot be read")
      }
      let hash = bytes.withUnsafeBufferPointer { FNV1a($0) }
      let size = image.size
      return .success(
        Facts(add: { $0.add(header, size, $1) }, hash: hash, note: note))
    } catch {
      return .failure(error)
    }
  }

  private func facts(of clip: any ClipFrames) throws(ImageError) -> Facts {
    for index in 0..<clip.count { try clip.check(at: index) }
    let facts = ClipFacts(clip)
    return Facts(add: { $0.add(facts, $1) }, hash: nil, note: nil)
  }
}
