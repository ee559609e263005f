/// Every file in a folder and in the folders in it: what an `ImageFolder` would take for images,
/// and what it would pass over. Names that begin with a dot are left out, links are followed, each
/// folder once.
struct ImageTree {
  /// The images, as paths within the folder, by folder and then by name.
  private(set) var images: [String] = []
  /// The other files, by their extension; "" stands for none.
  private(set) var others: [String: Int] = [:]

  /// Lists the folder at `root`.
  ///
  /// - Throws: `DatasetError` when a folder cannot be read or a name is not UTF-8.
  init(_ root: String) throws {
    guard FolderIdentity(path: root) != nil else {
      throw DatasetError(path: root, reason: "no such folder")
    }
    var visited: Set<FolderIdentity> = []
    try collect(root, prefix: "", visited: &visited)
  }

  private mutating func collect(
    _ path: String, prefix: String, visited: inout Set<FolderIdentity>
  ) throws {
    guard let identity = FolderIdentity(path: path), visited.insert(identity).inserted else {
      return
    }
    let listing = try DirectoryListing(path: path)
    for name in listing.files {
      if isImageName(name) {
        images.append(prefix + name)
      } else {
        let dot = name.lastIndex(of: ".")
        others[dot.map { name[$0...].lowercased() } ?? "", default: 0] += 1
      }
    }
    for name in listing.folders {
      try collect("\(path)/\(name)", prefix: "\(prefix)\(name)/", visited: &visited)
    }
  }
}
