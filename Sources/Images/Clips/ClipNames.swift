import Files

/// Which files are clips: those whose names end as those of video do, and any other that begins as
/// an animated GIF or PNG, Y4M, AVI or a common container does.
enum ClipNames {
  private static let endings: Set = [
    ".gif", ".apng", ".y4m", ".avi", ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".mpg", ".mpeg",
    ".wmv", ".flv", ".ogv", ".3gp", ".mts", ".m2ts",
  ]

  static func isEnding(_ ending: String) -> Bool { endings.contains(ending) }

  /// Matroska and WebM.
  private static let matroska: [UInt8] = [0x1A, 0x45, 0xDF, 0xA3]

  /// Whether the file of this name in a folder is a clip.
  static func isClip(_ name: String, in folder: String) -> Bool {
    let ending = ImageNames.ending(of: name)
    if endings.contains(ending) { return true }
    guard ending == ".png" || !ImageNames.hasKnownEnding(name),
      let file = try? RegularFile(reading: "\(folder)/\(name)"), file.size > 0,
      let head = try? file.bytes(at: 0, count: min(64, file.size))
    else { return false }
    switch ClipFormat(sniffing: head) {
    case .gif, .y4m, .avi: return true
    case .png: return APNGChunks.isAnimated(file)
    case .video:
      return head.starts(with: matroska)
        || ImageFormat(sniffing: head) == .other(ImageFormat.mediaName)
    case .other: return false
    }
  }

  /// Whether a folder holds frames: images that are no clips themselves.
  static func areFrames(_ listing: DirectoryListing, in folder: String) -> Bool {
    listing.files.contains { ImageNames.isImage($0, in: folder) && !isClip($0, in: folder) }
  }
}
