import Files

/// What is in the folder of a split, before labels.
struct ImageFolderScan {
  struct ClassFolder {
    let name: String
    let tree: ImageTree
  }

  let folder: String
  /// The classes, sorted by the bytes of their names.
  let classes: [ClassFolder]
  let warnings: [String]

  /// Reads `root/split`, or `root` if `split` is empty, without the folders that are `excluded`.
  init(
    root: String, split: String, of kind: ExampleKind, excluding excluded: [String],
    allowEmpty: Bool
  ) throws {
    guard let rootIdentity = FolderIdentity(path: root) else {
      throw DatasetError(path: root, reason: "no such folder")
    }
    let folder = split.isEmpty ? root : "\(root)/\(split)"
    guard let identity = FolderIdentity(path: folder) else {
      throw ImageFolder.missing(split, in: root, of: kind)
    }
    self.folder = folder
    let listing = try DirectoryListing(path: folder)
    let stray = listing.files.filter { kind.isExample($0, in: folder) }
    let names = listing.folders.filter { name in
      !excluded.contains { $0.utf8.elementsEqual(name.utf8) }
    }
    guard !names.isEmpty else {
      let reason =
        stray.isEmpty
        ? "no classes: expected a folder for each class"
        : "\(kind.plural) lie directly in the folder (\(stray[0])): expected a folder for each "
          + "class"
      throw DatasetError(path: folder, reason: reason)
    }
    classes = try names.map { name in
      ClassFolder(
        name: name,
        tree: try ImageTree("\(folder)/\(name)", of: kind, without: [rootIdentity, identity]))
    }
    try Self.check(classes, of: kind, in: folder, split: split, allowEmpty: allowEmpty)
    var notes = Self.notes(on: classes, of: kind)
    if !stray.isEmpty {
      notes.insert("left out, as they are in no class: \(shortened(stray))", at: 0)
    }
    warnings = notes.map { "\(folder): \($0)" }
  }

  private static func check(
    _ classes: [ClassFolder], of kind: ExampleKind, in folder: String, split: String,
    allowEmpty: Bool
  ) throws {
    func error(_ reason: String) -> DatasetError { DatasetError(path: folder, reason: reason) }
    let splits = classes.filter { SplitRole(folder: $0.name) != nil }
    let roles = Set(splits.map { SplitRole(folder: $0.name) == .train })
    let areNested = splits.allSatisfy { !$0.tree.folders.isEmpty }
    if splits.count > 1, splits.count == classes.count || (roles.count > 1 && areNested) {
      throw error(
        "\(shortened(splits.map(\.name))) are named like splits, not like classes: --data-path "
          + "\(folder) --train-split NAME trains on one of them; classes need other names")
    }
    for inner in splits {
      let same = inner.tree.folders.filter { name in
        name != inner.name && classes.contains { $0.name == name }
      }
      guard let role = SplitRole(folder: inner.name), !same.isEmpty else { continue }
      let path = split.isEmpty ? inner.name : "\(split)/\(inner.name)"
      let advice = role == .train ? "--train-split \(path) trains" : "--val-split \(path) validates"
      throw error(
        "\(inner.name) is no class, as it holds folders of the names of classes "
          + "(\(shortened(same))): \(advice) on it; else move it elsewhere")
    }
    let empty = classes.filter(\.tree.images.isEmpty)
    guard empty.isEmpty || allowEmpty else {
      throw error(
        "no \(kind.described) in \(empty.count == 1 ? "class" : "classes") "
          + ClassNames.listed(empty.map(\.name)) + found(in: empty, kind))
    }
    guard empty.count < classes.count else {
      throw error("no \(kind.described) in any class" + found(in: classes, kind))
    }
  }

  /// How many files there are that are no images, by their endings.
  private static func others(_ classes: [ClassFolder]) -> [String: Int] {
    classes.reduce(into: [:]) { $0.merge($1.tree.others, uniquingKeysWith: +) }
  }

  private static func found(in classes: [ClassFolder], _ kind: ExampleKind) -> String {
    let others = others(classes)
    return others.isEmpty
      ? ""
      : "; files that are not read: \(ImageNames.listed(others))"
        + (kind.advice(on: others.keys).map { "; \($0)" } ?? "")
  }

  private static func notes(on classes: [ClassFolder], of kind: ExampleKind) -> [String] {
    let images = kind.plural
    var notes = [leftOut(of: classes, kind)].compactMap { $0 }
    let nested = classes.map { (name: ClassNames.shown($0.name), branches: $0.tree.branches) }
      .filter { !$0.branches.folders.isEmpty }
    if let (name, branches) = nested.first, nested.count == 1 {
      let folders = branches.folders.count == 1 ? "a folder of \(images)" : "folders of \(images)"
      notes.append(
        "class \(name) holds \(branches.areBesideImages ? "\(images) and " : "")\(folders), which "
          + "are all of this class: \(shortened(branches.folders))")
    } else if nested.count > 1 {
      let shown = nested.map { "\($0.name) (\(shortened($0.branches.folders, to: 3)))" }
      let areBeside = nested.contains(where: \.branches.areBesideImages)
      notes.append(
        "\(nested.count) classes hold folders of \(images)\(areBeside ? " beside \(images)" : ""), "
          + "which are all of the class: \(shortened(shown, to: 5))")
    }
    return notes + ClassNames.lookalikes(classes.map(\.name))
  }

  /// How many files of which classes are no images.
  private static func leftOut(of classes: [ClassFolder], _ kind: ExampleKind) -> String? {
    let some = classes.filter { !$0.tree.others.isEmpty }
    guard let first = some.first else { return nil }
    func left(_ folder: ClassFolder) -> Int { folder.tree.others.values.reduce(0, +) }
    func all(_ folder: ClassFolder) -> Int { left(folder) + folder.tree.images.count }
    let count = some.reduce(0) { $0 + left($1) }
    let reason =
      "\(count == 1 ? "is" : "are") not read, as \(count == 1 ? "it is" : "they are") not "
      + "\(kind.readNames): \(ImageNames.listed(others(classes)))"
    if some.count == 1 {
      return "\(count) of \(all(first)) files of class \(ClassNames.shown(first.name)) \(reason)"
    }
    let shown = some.enumerated()
      .sorted { (left($1.element), $0.offset) < (left($0.element), $1.offset) }
      .map { "\(ClassNames.shown($1.name)) \(left($1)) of \(all($1))" }
    let total = classes.reduce(0) { $0 + all($1) }
    return "\(count) of \(total) files \(reason); by class: \(shortened(shown, to: 5))"
  }
}
