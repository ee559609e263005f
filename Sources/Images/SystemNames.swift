/// Folders and files that systems and tools leave among a person's own, such as a NAS its
/// thumbnails: they are passed over as names that begin with a dot are.
enum SystemNames {
  private static let folders: Set = [
    "__macosx", "__pycache__", "temporary items", "network trash folder",  // macOS, Python
    "$recycle.bin", "recycler", "system volume information", "found.000",  // Windows
    "lost+found",  // Linux
    "@eadir", "@tmp", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", "@sharebin",
  ]
  private static let files: Set = [
    "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r",
  ]

  /// Whether a folder is left out for its name, in any case of letters.
  static func isFolder(_ name: String) -> Bool { folders.contains(name.lowercased()) }

  /// Whether a file is left out for its name, in any case of letters.
  static func isFile(_ name: String) -> Bool {
    name.utf8.count <= 17 && files.contains(name.lowercased())
  }
}
