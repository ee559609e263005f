import ArgumentParser
import Foundation
import Images

/// Whether a command reads clips, and their limits.
struct ClipOptions: ParsableArguments {
  @Flag(help: "Read clips instead of images.") var clips = false
  @Option(.int("The most frames of a clip. (default: 100000)")) var maxFrames: Int?
  @Option(.number("The most seconds of a clip. (default: 3600)")) var maxSeconds: Double?

  /// Throws a usage error for limits of nothing, or beyond what a limit can be.
  func validate() throws {
    guard clips || maxFrames == nil && maxSeconds == nil else {
      throw ValidationError("--max-frames and --max-seconds are limits of clips: add --clips")
    }
    try require("--max-frames", maxFrames, in: 1...1_000_000_000)
    if let maxSeconds, !(maxSeconds > 0) {
      throw ValidationError("--max-seconds must be above 0, found \(maxSeconds)")
    }
  }

  func decoder(images: ImageDecoder) -> ClipDecoder {
    ClipDecoder(
      images: images, maxFrames: maxFrames ?? 100_000, maxSeconds: maxSeconds ?? 3600)
  }
}

/// Whether there is a folder at a path, or nothing: whoever reads it then says so.
func isFolder(_ path: String) -> Bool {
  var isFolder: ObjCBool = false
  return !FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) || isFolder.boolValue
}
