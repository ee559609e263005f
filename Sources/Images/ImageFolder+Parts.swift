import Autodiff
import Files

extension ImageFolder {
  /// A share of each class: ⌊n · ratio⌋ of its n images. The index of each sample stays.
  ///
  /// - Parameters:
  ///   - ratio: The share, in 0 … 1.
  ///   - seed: For random ones, at least one of a class; with the same seed, those of a smaller
  ///     share are among those of a larger one. Nil takes the first ones in the folder's order,
  ///     as the authors' `--sampling_ratio` has it, where a class of which the share leaves
  ///     nothing disappears: here it is an error.
  /// - Precondition: `ratio` is in 0 … 1.
  /// - Throws: `DatasetError` when nothing is left of a class (only without a seed).
  public func sampled(_ ratio: Double, seed: UInt64?) throws -> ImageFolder {
    checkPrecondition((0...1).contains(ratio), "ImageFolder.sampled: the ratio is \(ratio)")
    var kept: [Example] = []
    for (label, images) in imagesByClass() {
      let share = Int(Double(images.count) * ratio)
      if let seed {
        let random = Random(seed: seed).split("subset").split(classes[label])
        kept += images.choosing(max(share, 1), random)
      } else {
        guard share > 0 else {
          throw DatasetError(
            path: folder,
            reason: "\(ratio) of the \(kind.counted(images.count)) of class "
              + "\(ClassNames.shown(classes[label])) is none")
        }
        kept += images.prefix(share)
      }
    }
    return with(kept, warnings: warnings)
  }

  /// Parts to train and to validate on: about `fraction` of each class, at random, is for
  /// validation, but at least one of a class's images and never all of them. The index of each
  /// sample stays.
  ///
  /// - Precondition: `fraction` is in 0 … 1.
  /// - Throws: `DatasetError` when no class has two images.
  public func divided(
    validation fraction: Double, seed: UInt64
  ) throws -> (training: ImageFolder, validation: ImageFolder) {
    checkPrecondition(
      (0...1).contains(fraction), "ImageFolder.divided: the fraction is \(fraction)")
    var (training, validation): ([Example], [Example]) = ([], [])
    var single: [String] = []
    for (label, images) in imagesByClass() {
      let share = Int((Double(images.count) * fraction).rounded())
      let count = min(max(share, 1), images.count - 1)
      if count == 0 { single.append(classes[label]) }
      let random = Random(seed: seed).split("validation").split(classes[label])
      let chosen = images.choosing(count, random)
      let held = Set(chosen.map(\.index))
      validation += chosen
      training += images.filter { !held.contains($0.index) }
    }
    guard !validation.isEmpty else {
      throw DatasetError(
        path: folder,
        reason: "no class has two \(kind.plural), one to train and one to validate on")
    }
    let note =
      single.isEmpty
      ? []
      : ["\(folder): nothing to validate on in \(counted(single)): \(ClassNames.listed(single))"]
    return (with(training, warnings: warnings + note), with(validation, warnings: []))
  }

  /// Some of the images, in the order given, as folds of a cross-validation or a list of hard
  /// examples.
  ///
  /// Each keeps its index in the whole folder, so that what is drawn for it (crops, augmentation)
  /// is what it was there: `Sample.index`, which is also what batches and errors call it by.
  ///
  /// ```swift
  /// let fold = folder.subset(folder.samples.map(\.index).filter { $0 % 5 != 0 })
  /// ```
  ///
  /// - Parameter indices: `Sample.index` of images that are here; one that comes twice is there
  ///   twice.
  /// - Precondition: there is an image of each index.
  public func subset(_ indices: [Int]) -> ImageFolder {
    let known = Dictionary(samples.map { ($0.index, $0) }, uniquingKeysWith: { first, _ in first })
    let chosen = indices.map { index in
      guard let sample = known[index] else {
        fatalError("ImageFolder.subset: no image has the index \(index) in \(folder)")
      }
      return sample
    }
    return with(chosen, warnings: warnings)
  }

  /// The names of the folders in `root`.
  package static func folders(in root: String) throws -> [String] {
    guard FolderIdentity(path: root) != nil else {
      throw DatasetError(path: root, reason: "no such folder")
    }
    return try DirectoryListing(path: root).folders
  }

  /// Whether there are images, or clips, in `root` itself.
  package static func hasExamples(
    _ kind: ExampleKind, directlyIn root: String
  ) throws -> Bool {
    let listing = try DirectoryListing(path: root)
    if listing.files.contains(where: { kind.isExample($0, in: root) }) { return true }
    guard kind == .clips else { return false }
    return try listing.folders.contains { name in
      let path = "\(root)/\(name)"
      return ClipNames.areFrames(try DirectoryListing(path: path), in: path)
    }
  }

  /// Why there is no folder of a split in `root`, from what is there instead.
  package static func missing(
    _ split: String, in root: String, of kind: ExampleKind = .images
  ) -> DatasetError {
    let expected = "expected \(split)/<class>/<\(kind.singular)>"
    func error(_ reason: String) -> DatasetError { DatasetError(path: root, reason: reason) }
    guard let listing = try? DirectoryListing(path: root) else {
      return error("no folder \(split)")
    }
    if let file = listing.files.first(where: { kind.isExample($0, in: root) }) {
      return error(
        "no folder \(split), and \(kind.plural) directly in the folder (\(file)): \(expected)")
    }
    if listing.folders.isEmpty { return error("no folder \(split), and no other: \(expected)") }
    return error("no folder \(split) beside \(shortened(listing.folders)): \(expected)")
  }

  /// The same images, with notes before the other warnings.
  package func noting(_ notes: [String]) -> ImageFolder {
    with(samples, warnings: notes + warnings)
  }

  /// The sample of an index, which in a part of a folder is not its place.
  package func sample(index: Int) -> Example? { samples.first { $0.index == index } }

  package var folder: String { split.isEmpty ? root : "\(root)/\(split)" }

  private func with(_ samples: [Example], warnings: [String]) -> ImageFolder {
    ImageFolder(
      root: root, split: split, classes: classes, samples: samples, warnings: warnings, kind: kind)
  }

  private func imagesByClass() -> [(label: Int, images: [Example])] {
    Dictionary(grouping: samples, by: \.label).sorted { $0.key < $1.key }
      .map { ($0.key, $0.value) }
  }
}

extension [Example] {
  /// `count` of them at random, in their order here.
  fileprivate func choosing(_ count: Int, _ source: Random) -> [Example] {
    var random = source
    return random.permutation(self.count).prefix(count).sorted().map { self[$0] }
  }
}
