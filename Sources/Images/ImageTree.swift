/// Every file in a folder and in the folders in it: what is taken for images, and what is passed
/// over. Names that begin with a dot and those of systems are left out, links are followed, each
/// folder once.
struct ImageTree {
  /// The images, as paths within the folder, sorted by the folder they are in and then by name.
  private(set) var images: [String] = []
  /// The other files, by the ending of their names; "" stands for none.
  private(set) var others: [String: Int] = [:]
  /// The folders directly in this one that hold images, at any depth.
  private(set) var folders: [String] = []

  /// Lists the folder at `root`.
  ///
  /// - Parameter outer: folders to which no link is followed.
  /// - Throws: `DatasetError` when a folder cannot be read or a name is not UTF-8.
  init(_ root: String, without outer: Set<FolderIdentity> = []) throws {
    guard FolderIdentity(path: root) != nil else {
      throw DatasetError(path: root, reason: "no such folder")
    }
    var visited = outer
    var parts: [(prefix: String, names: [String])] = []
    try collect(root, prefix: "", visited: &visited, into: &parts)
    images = parts.sorted { precedesInBytes($0.prefix, $1.prefix) }
      .flatMap { part in part.names.map { part.prefix + $0 } }
  }

  /// Adds the files of a folder and of the folders in it; `prefix` leads from the root to it.
  private mutating func collect(
    _ path: String, prefix: String, visited: inout Set<FolderIdentity>,
    into parts: inout [(prefix: String, names: [String])]
  ) throws {
    guard let identity = FolderIdentity(path: path), visited.insert(identity).inserted else {
      return  // a link back to where the scan has been
    }
    let listing = try DirectoryListing(path: path)
    var names: [String] = []
    for name in listing.files {
      if ImageNames.isImage(name, in: path) {
        names.append(name)
      } else {
        others[ImageNames.ending(of: name), default: 0] += 1
      }
    }
    if !names.isEmpty { parts.append((prefix, names)) }
    for name in listing.folders {
      let count = parts.count
      try collect("\(path)/\(name)", prefix: "\(prefix)\(name)/", visited: &visited, into: &parts)
      if prefix.isEmpty, parts.count > count { folders.append(name) }
    }
  }
}
