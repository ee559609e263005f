import ArgumentParser
import ConViT
import Images
import Recipes

/// Whether a command reads clips, and their limits.
struct ClipOptions: ParsableArguments {
  @Flag(help: "Read clips instead of images.") var clips = false
  @OptionGroup var limits: ClipLimitOptions

  /// Throws a usage error for limits of nothing, or beyond what a limit can be.
  func validate() throws {
    guard clips || limits.maxFrames == nil && limits.maxSeconds == nil else {
      throw ValidationError("--max-frames and --max-seconds are limits of clips: add --clips")
    }
    try require("--max-frames", limits.maxFrames, in: 1...1_000_000_000)
    if let maxSeconds = limits.maxSeconds, !(maxSeconds > 0) {
      throw ValidationError("--max-seconds must be above 0, found \(maxSeconds)")
    }
  }

  func decoder(images: ImageDecoder) -> ClipDecoder {
    var data = DataSettings()
    limits.apply(to: &data)
    return ClipDecoder(images: images, maxFrames: data.maxFrames, maxSeconds: data.maxSeconds)
  }
}

extension SavedModel {
  /// What the model takes.
  var kind: ExampleKind { model is TimeSformer ? .clips : .images }
}
