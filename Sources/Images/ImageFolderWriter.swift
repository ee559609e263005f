import Autodiff
import Foundation

/// Writes labelled images as an image folder, `output/<split>/<class>/<index>.png`, whole or
/// not at all: into a hidden folder beside it, which is renamed at the end.
package struct ImageFolderWriter: Sendable {
  /// Writes one image, [height, width] grey or [height, width, 3] colour bytes, as a PNG file.
  package typealias WritePNG =
    @Sendable (_ pixels: [UInt8], _ width: Int, _ height: Int, _ path: String) throws -> Void

  /// Images that go into one folder of the output.
  package struct Split: Sendable {
    /// The name of the folder, such as `train`.
    package let name: String
    /// The class of each image.
    package let labels: [UInt8]
    /// Columns of an image.
    package let width: Int
    /// Rows of an image.
    package let height: Int
    /// The bytes of an image, [height, width] grey or [height, width, 3] colour ones.
    package let image: @Sendable (Int) -> [UInt8]

    /// A split from its parts; `image` is called from several threads.
    package init(
      name: String, labels: [UInt8], width: Int, height: Int,
      image: @escaping @Sendable (Int) -> [UInt8]
    ) {
      self.name = name
      self.labels = labels
      self.width = width
      self.height = height
      self.image = image
    }

    /// A split of the images and labels of IDX files.
    package init(name: String, data: IDXDataset) {
      let images = data.images
      self.init(name: name, labels: data.labels, width: images.columns, height: images.rows) {
        images[$0]
      }
    }
  }

  /// What a writer has done.
  package enum Outcome: Hashable, Sendable {
    /// The folder is new and has this many images.
    case written(images: Int)
    /// The folder was there with exactly these files, and has been left alone.
    case alreadyComplete(images: Int)
  }

  /// The folder to write.
  package let output: String
  /// The names of the class folders, by label.
  package let classes: [String]
  /// How many threads write.
  package let threads: Int

  /// A writer of `output`, with a folder for each of `classes`.
  package init(
    output: String, classes: [String],
    threads: Int = ProcessInfo.processInfo.activeProcessorCount
  ) {
    checkPrecondition(threads > 0, "ImageFolderWriter: \(threads) threads")
    self.output = output
    self.classes = classes
    self.threads = threads
  }

  /// Why these cannot be the folders of classes, side by side and seen by `ImageFolder`; nil if
  /// they can.
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

  /// Writes `splits`, unless they are there already.
  ///
  /// - Parameters:
  ///   - splits: What to write; every label must be below the number of classes.
  ///   - force: Whether to replace an output that is complete, or lacks files. One that has
  ///     anything else in it is never touched.
  ///   - writePNG: Writes a file; called from several threads.
  /// - Throws: `DatasetError` for an output that cannot be written or has other content, and what
  ///   `writePNG` throws; the output is then as it was.
  package func write(
    _ splits: [Split], force: Bool = false, writePNG: WritePNG
  ) throws -> Outcome {
    guard !output.isEmpty else {
      throw DatasetError(path: "''", reason: "the folder to write has no name")
    }
    if let fault = Self.fault(ofClasses: classes) {
      throw DatasetError(path: output, reason: fault)
    }
    let layout = ImageFolderLayout(splits: splits, classes: classes)
    let existing = try layout.compare(with: output)
    switch existing {
    case .complete where !force:
      return .alreadyComplete(images: layout.count)
    case .lacking(let missing) where !force:
      throw DatasetError(
        path: output,
        reason:
          "is there, but lacks \(missing) of \(layout.count) images: remove it, or use --force")
    case .other(let path):
      throw DatasetError(path: output, reason: "has other content (\(path)): choose another folder")
    default: break
    }
    let staging = try StagingFolder(for: output)
    defer { staging.remove() }
    for folder in layout.folders { try staging.makeFolder(folder) }
    try writeImages(splits, layout: layout, into: staging.path, writePNG: writePNG)
    try staging.become(output)
    return .written(images: layout.count)
  }

  /// Writes every image, each thread taking the next few that are left.
  private func writeImages(
    _ splits: [Split], layout: ImageFolderLayout, into folder: String, writePNG: WritePNG
  ) throws {
    let progress = WritingProgress(count: layout.count)
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      while let range = progress.claim(64) {
        for i in range {
          let (split, image) = layout.location(of: i)
          let images = splits[split]
          do {
            try writePNG(
              images.image(image), images.width, images.height,
              "\(folder)/\(layout.path(split: split, image: image))")
          } catch {
            return progress.fail(error)
          }
        }
      }
    }
    if let error = progress.failure { throw error }
  }
}

/// What is left to write, shared by threads. `@unchecked`: everything mutable is behind `lock`.
private final class WritingProgress: @unchecked Sendable {
  private let lock = NSLock()
  private let count: Int
  private var next = 0
  private var error: (any Error)?

  init(count: Int) { self.count = count }

  /// The first error that a thread has met.
  var failure: (any Error)? { lock.withLock { error } }

  /// Up to `n` images that nobody else has; nil when none are left or a thread has failed.
  func claim(_ n: Int) -> Range<Int>? {
    lock.withLock {
      guard error == nil && next < count else { return nil }
      let range = next..<min(next + n, count)
      next = range.upperBound
      return range
    }
  }

  func fail(_ error: any Error) {
    lock.withLock { if self.error == nil { self.error = error } }
  }
}
