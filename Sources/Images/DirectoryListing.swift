import Foundation

/// What a folder holds, links followed, without names that begin with a dot and those of systems.
struct DirectoryListing {
  /// The names of folders, sorted by their bytes.
  private(set) var folders: [String] = []
  /// The names of everything else, sorted by their bytes.
  private(set) var files: [String] = []

  /// Reads the folder at `path`.
  ///
  /// - Throws: `DatasetError` when it cannot be read, or a name in it is not UTF-8 and so no
  ///   `String` can stand for the file.
  init(path: String) throws {
    guard let stream = opendir(path) else {
      throw DatasetError(path: path, cannot: "read the folder")
    }
    defer { closedir(stream) }
    errno = 0
    while let entry = readdir(stream) {
      let bytes = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: UInt8.self, capacity: MemoryLayout.size(ofValue: tuple.pointee))
        { Array(UnsafeBufferPointer(start: $0, count: strlen($0))) }
      }
      if bytes.first == UInt8(ascii: ".") { continue }
      guard let name = String(validating: bytes, as: UTF8.self) else {
        let shown = String(decoding: bytes, as: UTF8.self)
        throw DatasetError(path: path, reason: "the name \"\(shown)\" is not UTF-8: rename it")
      }
      var isFolder = entry.pointee.d_type == UInt8(DT_DIR)
      if entry.pointee.d_type == UInt8(DT_LNK) || entry.pointee.d_type == UInt8(DT_UNKNOWN) {
        isFolder = FolderIdentity(path: "\(path)/\(name)") != nil
      }
      if isFolder, !SystemNames.isFolder(name) { folders.append(name) }
      if !isFolder, !SystemNames.isFile(name) { files.append(name) }
      errno = 0
    }
    guard errno == 0 else { throw DatasetError(path: path, cannot: "read the folder") }
    folders.sort(by: precedesInBytes)
    files.sort(by: precedesInBytes)
  }
}

/// Folders and files that systems and tools leave among a person's own, such as a NAS its
/// thumbnails: they are passed over as names that begin with a dot are, in any case of letters.
private enum SystemNames {
  private static let folders: Set = [
    "__macosx", "__pycache__", "temporary items", "network trash folder",  // macOS, Python
    "$recycle.bin", "recycler", "system volume information", "found.000",  // Windows
    "lost+found",  // Linux
    "@eadir", "@tmp", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", "@sharebin",
  ]
  private static let files: Set = [
    "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r",
  ]

  static func isFolder(_ name: String) -> Bool { folders.contains(name.lowercased()) }

  static func isFile(_ name: String) -> Bool {
    name.utf8.count <= 17 && files.contains(name.lowercased())
  }
}

/// Which folder a path leads to, however it is spelled.
struct FolderIdentity: Hashable {
  private let device, node: UInt64

  /// Follows links; nil unless there is a folder at `path`.
  init?(path: String) {
    var information = stat()
    guard stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFDIR else {
      return nil
    }
    device = UInt64(information.st_dev)
    node = UInt64(information.st_ino)
  }
}

/// The order of Python's `sorted` on strings, which is that of Unicode scalars and of UTF-8 bytes;
/// Swift's own would take different spellings of an accent for the same.
func precedesInBytes(_ a: String, _ b: String) -> Bool {
  a.utf8.lexicographicallyPrecedes(b.utf8)
}
