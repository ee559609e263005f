/// The images of one split of a data set: `root/<split>/<class>/**/<image>`.
///
/// Classes are the sub-folders in torchvision's order, by the bytes of their names: 10 comes before
/// 2, where timm, which sorts numbers as a person would, has 2 before 10. Samples are sorted by
/// class, then by the folder they are in, then by name. Names that begin with a dot and folders
/// that systems leave (`__MACOSX`, `@eaDir`, `lost+found`) are left out, links are followed, each
/// folder once a class. Images are files whose names end as those of images do (.png, .jpg, .jpeg,
/// .jfif, … in any case of letters), and whatever else begins as a PNG or a JPEG does.
public struct ImageFolder: Sendable {
  package typealias Sample = Example

  package enum ClassOwner: String, Sendable {
    /// The split that is trained on.
    case training = "the training classes"
    /// A model.
    case model = "the model's classes"
  }

  package let root: String
  /// The name of the split, such as `train`, or the path from `root` to it.
  let split: String
  /// The names of the classes; a label is an index into them.
  public let classes: [String]
  /// The images, sorted by label and path.
  public let samples: [Example]
  /// What looks like a mistake but does not stand in the way, one line each.
  public let warnings: [String]
  /// What the examples are.
  package var kind = ExampleKind.images
}

extension ImageFolder {
  /// Scans the folder of a split.
  ///
  /// - Parameters:
  ///   - root: The folder of the data set.
  ///   - split: The folder of the split in it; empty if the classes lie in `root` itself.
  ///   - classes: The classes of the training split, when this is another one: labels are theirs,
  ///     a class they lack is an error and a missing one a warning.
  ///   - excluded: Folders of the split that are no classes.
  ///   - allowEmpty: Whether a class may have no images.
  /// - Throws: `DatasetError` for a folder that is missing, cannot be read, has no classes or an
  ///   empty or unknown one.
  public init(
    root: String, split: String, classes: [String]? = nil, excluding excluded: [String] = [],
    allowEmpty: Bool = false
  ) throws {
    try self.init(
      root: root, split: split, classes: classes, of: .training, excluding: excluded,
      allowEmpty: allowEmpty)
  }

  /// Scans the folder of a split of clips: `root/<split>/<class>/**/<clip>`, where a clip is a file
  /// or a folder of frames; the rest is as for images.
  public init(
    clips root: String, split: String, classes: [String]? = nil, excluding excluded: [String] = [],
    allowEmpty: Bool = false
  ) throws {
    try self.init(
      root: root, split: split, kind: .clips, classes: classes, of: .training, excluding: excluded,
      allowEmpty: allowEmpty)
  }

  /// The same with classes of `owner`, which messages name.
  package init(
    root: String, split: String, kind: ExampleKind = .images, classes: [String]?,
    of owner: ClassOwner,
    excluding excluded: [String] = [], allowEmpty: Bool = false
  ) throws {
    let scan = try ImageFolderScan(
      root: root, split: split, of: kind, excluding: excluded, allowEmpty: allowEmpty)
    var warnings = scan.warnings
    let known = classes ?? scan.classes.map(\.name)
    let labels = ClassNames.labels(known)
    let found = ClassNames.labels(scan.classes.map(\.name))
    let extra = scan.classes.map(\.name).filter { labels[Array($0.utf8)] == nil }
    guard extra.isEmpty else {
      let isUnsorted = extra.count == 1 && scan.classes.count == 1
      let suggestion =
        ClassNames.suggestion(for: extra, among: known).map { "; \($0)" }
        ?? (isUnsorted ? "; if its \(kind.plural) are of many classes, each needs a folder" : "")
      throw DatasetError(
        path: scan.folder,
        reason: "\(counted(extra)) not in \(owner.rawValue): \(ClassNames.listed(extra))"
          + suggestion)
    }
    let missing = known.filter { found[Array($0.utf8)] == nil }
    if !missing.isEmpty {
      warnings.append(
        "\(scan.folder): no folder for \(counted(missing)): \(ClassNames.listed(missing))")
    }
    var samples: [Example] = []
    samples.reserveCapacity(scan.classes.reduce(0) { $0 + $1.tree.images.count })
    let byLabel = scan.classes.compactMap { folder in
      labels[Array(folder.name.utf8)].map { (label: $0, folder: folder) }
    }
    for (label, folder) in byLabel.sorted(by: { $0.label < $1.label }) {
      for path in folder.tree.images {
        samples.append(
          Example(
            path: "\(scan.folder)/\(folder.name)/\(path)", label: label, index: samples.count))
      }
    }
    self.init(
      root: root, split: split, classes: known, samples: samples, warnings: warnings, kind: kind)
  }
}
