/// What is in the folder of a split, before labels.
struct ImageFolderScan {
  /// A class and its images.
  struct ClassFolder {
    /// The name of the folder.
    let name: String
    /// The images, as paths within the folder, sorted by the folder they are in and then by name.
    let paths: [String]
  }

  /// The folder of the split.
  let folder: String
  /// The classes, sorted by the bytes of their names.
  let classes: [ClassFolder]
  /// What looks like a mistake.
  private(set) var warnings: [String] = []

  /// Reads `root/split`, or `root` if `split` is empty.
  init(root: String, split: String, allowEmpty: Bool) throws {
    guard let rootIdentity = FolderIdentity(path: root) else {
      throw DatasetError(path: root, reason: "no such folder")
    }
    let folder = split.isEmpty ? root : "\(root)/\(split)"
    guard let identity = FolderIdentity(path: folder) else {
      throw DatasetError(path: root, reason: Self.reasonForNo(split, in: root))
    }
    self.folder = folder
    let listing = try DirectoryListing(path: folder)
    let stray = listing.files.filter(isImageName)
    guard !listing.folders.isEmpty else {
      let reason =
        stray.isEmpty
        ? "no classes: expected a folder for each class"
        : "images lie directly in the folder (\(stray[0])): expected a folder for each class"
      throw DatasetError(path: folder, reason: reason)
    }
    if !stray.isEmpty {
      warnings.append("\(folder): left out, as they are in no class: \(shortened(stray))")
    }
    classes = try listing.folders.map { name in
      var visited: Set<FolderIdentity> = [rootIdentity, identity]
      var inner: [(prefix: String, names: [String])] = []
      try Self.collect("\(folder)/\(name)", prefix: "", visited: &visited, into: &inner)
      let paths = inner.sorted { precedesInBytes($0.prefix, $1.prefix) }
        .flatMap { folder in folder.names.map { folder.prefix + $0 } }
      return ClassFolder(name: name, paths: paths)
    }
    let empty = classes.filter(\.paths.isEmpty).map(\.name)
    guard empty.isEmpty || allowEmpty else {
      throw DatasetError(
        path: folder,
        reason: "no .png, .jpg or .jpeg images in \(empty.count == 1 ? "class" : "classes") "
          + shortened(empty))
    }
    guard empty.count < classes.count else {
      throw DatasetError(path: folder, reason: "no .png, .jpg or .jpeg images in any class")
    }
    warnings += Self.lookalikes(listing.folders).map {
      "\(folder): classes that differ only in case or accents: \($0.joined(separator: ", "))"
    }
  }

  /// Adds the images of a folder and of the folders in it; `prefix` leads from the class to it.
  private static func collect(
    _ path: String, prefix: String, visited: inout Set<FolderIdentity>,
    into folders: inout [(prefix: String, names: [String])]
  ) throws {
    guard let identity = FolderIdentity(path: path), visited.insert(identity).inserted else {
      return  // a link back to where the scan has been
    }
    let listing = try DirectoryListing(path: path)
    folders.append((prefix, listing.files.filter(isImageName)))
    for name in listing.folders {
      try collect("\(path)/\(name)", prefix: "\(prefix)\(name)/", visited: &visited, into: &folders)
    }
  }

  /// Why there is no split, from what is there instead.
  private static func reasonForNo(_ split: String, in root: String) -> String {
    let expected = "expected \(split)/<class>/<image>"
    guard let listing = try? DirectoryListing(path: root) else { return "no folder \(split)" }
    if let image = listing.files.first(where: isImageName) {
      return "no folder \(split), and images directly in the folder (\(image)): \(expected)"
    }
    if listing.folders.isEmpty { return "no folder \(split), and no other: \(expected)" }
    return "no folder \(split) among \(shortened(listing.folders)): \(expected)"
  }

  /// Names that a person would take for the same.
  private static func lookalikes(_ names: [String]) -> [[String]] {
    let groups = Dictionary(grouping: names.indices) { names[$0].lowercased() }.values
    return groups.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }.map { $0.map { names[$0] } }
  }
}

/// Whether a file is taken for an image.
func isImageName(_ name: String) -> Bool {
  guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return false }
  let suffix = name[name.index(after: dot)...]
  return ["png", "jpg", "jpeg"].contains(suffix.lowercased())
}
