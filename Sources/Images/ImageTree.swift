/// Every file in a folder and in the folders in it: what is taken for images, or for clips, and
/// what is passed over. Names that begin with a dot and those of systems are left out, links are
/// followed, each folder once.
struct ImageTree {
  /// The images or clips, as paths within the folder, sorted by the folder they are in and then by
  /// name.
  private(set) var images: [String] = []
  /// The other files, by the ending of their names; "" stands for none.
  private(set) var others: [String: Int] = [:]
  /// The folders that hold images of their own, as paths within this one that end in a slash,
  /// sorted by their bytes; "" stands for this one.
  private(set) var places: [String] = []
  /// The folders directly in this one that hold images, at any depth.
  private(set) var folders: [String] = []

  private let kind: ExampleKind
  private let holders: [String]

  /// Lists the folder at `root`.
  ///
  /// - Parameters:
  ///   - kind: What is looked for. A folder that holds frames is one clip, unless it is `root`.
  ///   - outer: Folders to which no link is followed.
  ///   - holders: Paths in `root` of folders that hold those of classes, "" for `root`: neither
  ///     they and what leads to them nor the folders directly in them are clips.
  init(
    _ root: String, of kind: ExampleKind = .images, without outer: Set<FolderIdentity> = [],
    classesIn holders: [String] = []
  ) throws {
    (self.kind, self.holders) = (kind, holders)
    guard FolderIdentity(path: root) != nil else {
      throw DatasetError(path: root, reason: "no such folder")
    }
    var visited = outer
    var parts: [(prefix: String, names: [String])] = []
    try collect(root, prefix: "", visited: &visited, into: &parts)
    parts.sort { precedesInBytes($0.prefix, $1.prefix) }
    places = parts.map(\.prefix)
    images = parts.flatMap { part in part.names.map { part.prefix + $0 } }
  }

  /// Where images lie in several folders: these side by side, as paths, and whether images lie
  /// beside them. `images/` alone, at any depth, is no more than another folder around the same.
  var branches: (folders: [String], areBesideImages: Bool) {
    let paths = places.map { $0.utf8.split(separator: UInt8(ascii: "/")) }
    guard paths.count > 1, let first = paths.first, let last = paths.last else {
      return ([], false)
    }
    // What the first and the last path have in common, all between them have, too.
    let depth = zip(first, last).prefix { $0.elementsEqual($1) }.count
    var folders: [String] = []
    for path in paths where path.count > depth {
      let name = path.prefix(depth + 1).compactMap { String($0) }.joined(separator: "/")
      if folders.last.map({ $0.utf8.elementsEqual(name.utf8) }) != true { folders.append(name) }
    }
    return (folders.sorted(by: precedesInBytes), first.count == depth)
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
      if kind.isExample(name, in: path) {
        names.append(name)
      } else {
        others[ImageNames.ending(of: name), default: 0] += 1
      }
    }
    var folders: [String] = []
    for name in listing.folders {
      if kind == .clips, !isAboveClips(name, in: prefix), try isClip("\(path)/\(name)", visited) {
        names.append(name)
      } else {
        folders.append(name)
      }
    }
    names.sort(by: precedesInBytes)
    if !names.isEmpty { parts.append((prefix, names)) }
    for name in folders {
      let count = parts.count
      try collect("\(path)/\(name)", prefix: "\(prefix)\(name)/", visited: &visited, into: &parts)
      if prefix.isEmpty, parts.count > count { self.folders.append(name) }
    }
  }

  /// Whether a folder, in another whose path ends in a slash, is that of a class, or has such
  /// folders at some depth.
  private func isAboveClips(_ name: String, in prefix: String) -> Bool {
    holders.contains { holder in
      let path = holder.isEmpty ? "" : holder + "/"
      return path.utf8.elementsEqual(prefix.utf8)
        || path.utf8.starts(with: "\(prefix)\(name)/".utf8)
    }
  }

  /// Whether a folder where the scan has not been holds frames.
  private func isClip(_ path: String, _ visited: Set<FolderIdentity>) throws -> Bool {
    guard let identity = FolderIdentity(path: path), !visited.contains(identity) else {
      return false
    }
    return ClipNames.areFrames(try DirectoryListing(path: path), in: path)
  }
}
