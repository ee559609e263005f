import Autodiff
import Foundation

/// Writes labelled images or clips as a folder, `output/<split>/<class>/<index>.png`, whole or
/// not at all: into a hidden folder beside it, which is renamed at the end.
package struct ImageFolderWriter: Sendable {
  /// Writes the bytes of one image or clip as a file.
  package typealias WriteFile = (
    _ pixels: [UInt8], _ width: Int, _ height: Int, _ path: String
  ) throws -> Void

  package struct Split: Sendable {
    /// The name of the folder, such as `train`.
    package let name: String
    package let labels: [UInt8]
    let width, height: Int
    /// [height, width] grey or [height, width, 3] colour bytes, or the grey ones of a clip,
    /// [frames, height, width]; called from several threads.
    let image: @Sendable (Int) throws -> [UInt8]
    /// The name of the file of each; padded, so that names sort as the images do.
    var file: @Sendable (Int) -> String = { paddedName($0) + ".png" }

    static func paddedName(_ index: Int) -> String { String(format: "%05ld", index) }
  }

  package enum Outcome: Hashable, Sendable {
    /// The folder is new and has this many images or clips.
    case written(Int)
    /// The folder was there with exactly these files, and has been left alone.
    case alreadyComplete(Int)
  }

  private let output: String
  private let classes: [String]
  private let kind: ExampleKind

  /// A writer of the folder `output`, with a folder for each of `classes`, by label.
  package init(output: String, classes: [String], kind: ExampleKind = .images) {
    (self.output, self.classes, self.kind) = (output, classes, kind)
  }

  /// Why these cannot be folders of classes that `ImageFolder` sees; nil if they can.
  package static func fault(ofClasses classes: [String]) -> String? {
    var seen: Set<String> = []
    for name in classes {
      if name.isEmpty { return "a class has an empty name" }
      if name.hasPrefix(".") || name.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "/") }) {
        return "the class name '\(name)' cannot be a folder: it begins with a dot or has a slash"
      }
      if !seen.insert(name).inserted { return "the class name '\(name)' is there twice" }
    }
    return nil
  }

  /// Writes `splits`, of which every label must be below the number of classes, unless they are
  /// there already.
  ///
  /// - Parameters:
  ///   - force: Whether to replace an output that is complete, lacks files or has others of the
  ///     same names. One that has anything else in it is never touched.
  ///   - writeFile: Called from several threads.
  /// - Throws: `DatasetError` for an output that cannot be written or has other content, and what
  ///   `writeFile` throws; the output is then as it was.
  package func write(
    _ splits: [Split], force: Bool = false, writeFile: WriteFile
  ) throws -> Outcome {
    guard !output.isEmpty else {
      throw DatasetError(path: "''", reason: "the folder to write has no name")
    }
    if let fault = Self.fault(ofClasses: classes) {
      throw DatasetError(path: output, reason: fault)
    }
    let files = splits.map(paths)
    let folders = splits.flatMap { split in classes.map { "\(split.name)/\($0)" } }
    let count = files.reduce(0) { $0 + $1.count }
    let missing = try missing(Set(files.joined()), in: Set(folders + splits.map(\.name)))
    if let missing, !force {
      guard missing == 0 else {
        throw DatasetError(
          path: output,
          reason:
            "is there, but lacks \(missing) of \(count) \(kind.plural): remove it, or use --force")
      }
      if let file = try firstOther(of: splits) {
        throw DatasetError(
          path: output,
          reason:
            "has other \(kind.plural) of the same names (\(file)), as other options or sources "
            + "make them: --force replaces them, another --output keeps them")
      }
      return .alreadyComplete(count)
    }
    let staging = try StagingFolder(for: output)
    defer { staging.remove() }
    for folder in folders { try staging.makeFolder(folder) }
    let pool = WorkerPool(threads: WorkerPool.availableProcessors)
    for (split, paths) in zip(splits, files) {
      for start in stride(from: 0, to: paths.count, by: 64 * pool.threads) {
        let images = Array(start..<min(start + 64 * pool.threads, paths.count))
        let results = pool.map(images) { image -> Result<Void, any Error> in
          Result {
            try writeFile(
              split.image(image), split.width, split.height, "\(staging.path)/\(paths[image])")
          }
        }
        for result in results { try result.get() }
      }
    }
    try staging.become(output)
    return .written(count)
  }

  /// The path of every image within the output.
  private func paths(of split: Split) -> [String] {
    split.labels.enumerated().map { image, label in
      checkPrecondition(
        Int(label) < classes.count,
        "ImageFolderWriter: a label is not below \(classes.count), the number of classes")
      return "\(split.name)/\(classes[Int(label)])/\(split.file(image))"
    }
  }

  /// The first file that is there with other pixels; of each split the first few are looked at.
  private func firstOther(of splits: [Split]) throws -> String? {
    for split in splits {
      for (image, file) in paths(of: split).prefix(Self.compared).enumerated() {
        guard let found = try? pixels("\(output)/\(file)") else { return file }
        let pixels = try split.image(image)
        let isGray = 3 * pixels.count == found.count
        let isSame =
          isGray
          ? found.indices.allSatisfy { found[$0] == pixels[$0 / 3] } : found == pixels
        if !isSame { return file }
      }
    }
    return nil
  }

  private static let compared = 16

  /// Of an image or all frames of a clip, [height, width, 3] each.
  private func pixels(_ path: String) throws -> [UInt8] {
    guard kind == .clips else {
      let decoder = ImageDecoder()
      return try decoder.decode(decoder.fileBytes(path), name: path).pixels
    }
    let clip = try ClipDecoder().open(path)
    return try (0..<clip.count).flatMap { try clip.frame(at: $0).pixels }
  }

  /// How many of the files are not there; nil if there is nothing at `output`, or an empty folder.
  ///
  /// - Throws: `DatasetError` when it is not a folder, cannot be read or has anything else in it,
  ///   hidden files included.
  private func missing(_ files: Set<String>, in folders: Set<String>) throws -> Int? {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: output, isDirectory: &isFolder) else { return nil }
    guard isFolder.boolValue else {
      throw DatasetError(path: output, reason: "is there and is not a folder")
    }
    var queue = try contents(of: output)
    if queue.isEmpty { return nil }
    var found = 0
    while let path = queue.popLast() {
      if folders.contains(path) {
        queue += try contents(of: "\(output)/\(path)").map { "\(path)/\($0)" }
      } else if files.contains(path) {
        found += 1
      } else {
        throw DatasetError(
          path: output, reason: "has other content (\(path)): choose another folder")
      }
    }
    return files.count - found
  }

  private func contents(of folder: String) throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw DatasetError(path: folder, reason: "is there and cannot be read as a folder")
    }
  }
}

extension ImageFolderWriter.Split {
  init(name: String, data: IDXDataset) {
    let images = data.images
    self.init(name: name, labels: data.labels, width: images.columns, height: images.rows) {
      images[$0]
    }
  }
}
