/// What the beginning of a file says of a clip.
enum ClipFormat: Equatable {
  case gif
  /// Animated or not, which more of the file tells.
  case png
  case y4m
  case avi
  /// A container that `ffmpeg` may read, or nothing that is known.
  case video
  /// Known not to be a clip, by its name.
  case other(String)

  /// The format of a file that begins with `head`.
  init(sniffing head: [UInt8]) {
    func has(_ text: String, at offset: Int = 0) -> Bool {
      head.dropFirst(offset).starts(with: Array(text.utf8))
    }
    if has("GIF87a") || has("GIF89a") {
      self = .gif
    } else if head.starts(with: Y4MFrames.signature), head.count > 10, head[9] == 0x20 {
      self = .y4m
    } else if has("RIFF"), has("AVI ", at: 8) {
      self = .avi
    } else {
      switch ImageFormat(sniffing: head) {
      case .png: self = .png
      case .jpeg: self = .other("a JPEG of one image (the frames of a clip need a folder)")
      case .webp: self = .other("WebP, of which only single images are read")
      case .gzip: self = .other("gzip data")
      case .other(let name): self = name == ImageFormat.mediaName ? .video : .other(name)
      case .unknown: self = .video
      }
    }
  }

  static let readNames = "a folder of frames, GIF, APNG, Y4M, AVI or a video"
}
