import Files

/// Which files are images: those whose names end as those of a format that is read, and any other
/// that begins as one does.
///
/// The first kind is not opened, as a folder may have a million files. What it holds is seen when
/// it is read, and content of another kind is then an error.
enum ImageNames {
  /// Whether the file of this name in a folder is an image.
  static func isImage(_ name: String, in folder: String) -> Bool {
    hasKnownEnding(name) || begins(as: "\(folder)/\(name)")
  }

  /// What a file's name ends with, as ".webp", in small letters; "" if that is none: "St. Bernard".
  static func ending(of name: String) -> String {
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return "" }
    let suffix = name[name.index(after: dot)...].lowercased()
    let isEnding =
      (1...12).contains(suffix.utf8.count)
      && suffix.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    return isEnding ? "." + suffix : ""
  }

  /// ".webp 5, .bmp 1, without an ending 2": the most frequent first.
  static func listed(_ endings: [String: Int]) -> String {
    let sorted = endings.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    return shortened(sorted.map { "\($0.key.isEmpty ? "without an ending" : $0.key) \($0.value)" })
  }

  private static let endings = Set(
    ["png", "jpg", "jpeg", "jfif", "jpe", "jif"] + (ImageFormat.readsWebP ? ["webp"] : []))

  static func isEnding(_ ending: String) -> Bool { endings.contains(String(ending.dropFirst())) }

  /// What some sites put behind an ending: .jpg_large, .png-small, .jpg:orig.
  private static let sizes: Set = ["large", "medium", "small", "thumb", "orig"]

  static func hasKnownEnding(_ name: String) -> Bool {
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return false }
    let suffix = name[name.index(after: dot)...].lowercased()
    if endings.contains(suffix) { return true }
    let parts = suffix.split(maxSplits: 1, omittingEmptySubsequences: false) { "_-:".contains($0) }
    return parts.count == 2 && endings.contains(String(parts[0]))
      && sizes.contains(String(parts[1]))
  }

  private static func begins(as path: String) -> Bool {
    guard let head = RegularFile.head(of: path, count: 64), !head.isEmpty else { return false }
    return ImageFormat(sniffing: head).isRead
  }
}
