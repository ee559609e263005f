import ArgumentParser
import ConViT
import Foundation
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

/// Which views of a clip a model of clips is asked about; its answers are averaged.
struct ClipViewOptions: ParsableArguments {
  @Option(
    .int("Frames of a clip; a time embedding for others is resized. (default: the model's)"))
  var frames: Int?
  @Option(.int("Frames from one that the model sees to the next. (default: the model's, or 1)"))
  var frameStride: Int?
  @Option(.name("Where the frames begin: first or middle. (default: middle)"))
  var evalPlacement: DataSettings.Placement?
  @Option(.int("Spans of frames over the length of a clip, instead of one. (default: none)"))
  var clips: Int?
  @Option(
    .int("1, or 3 along the longer side, with the shorter scaled to the crop. (default: 1)"))
  var crops: Int?
  @OptionGroup var limits: ClipLimitOptions

  func validate() throws {
    try require("frames", frames, in: 1...1024)
    try require("frame-stride", frameStride, in: 1...1_000_000)
    try require("clips", clips, in: 1...1000)
    guard [nil, 1, 3].contains(crops) else {
      throw ValidationError("crops must be 1 or 3, found \(crops ?? 0)")
    }
    guard clips == nil || evalPlacement == nil else {
      throw ValidationError(
        "clips and eval-placement are two ways to choose where frames begin: leave out one")
    }
    guard evalPlacement != .random else {
      throw ValidationError("eval-placement is first or middle, so that results can be repeated")
    }
  }

  /// A reader of the clips of a model of clips, nil for one of images.
  ///
  /// - Throws: a usage error if something is said of clips to a model of images.
  func reader(
    for saved: SavedModel, _ settings: DataSettings, cropRatio: Double?
  ) throws -> ClipReader? {
    guard saved.kind == .clips else {
      let given = [
        ("frame-stride", frameStride != nil), ("eval-placement", evalPlacement != nil),
        ("clips", clips != nil), ("crops", crops != nil),
        ("max-frames", limits.maxFrames != nil), ("max-seconds", limits.maxSeconds != nil),
      ].first(where: \.1)?.0
      guard let given else { return nil }
      throw ValidationError("\(given) is for models of clips, and the weights are of images")
    }
    guard cropRatio == nil || crops != 3 else {
      throw ValidationError("eval-crop-ratio is for one crop: three are of the whole shorter side")
    }
    var settings = settings
    limits.apply(to: &settings)
    try settings.validate()
    return try saved.clipReader(
      settings, cropRatio: cropRatio, stride: frameStride,
      placement: clips.map { .dense($0) } ?? (evalPlacement == .first ? .first : .middle),
      crops: crops ?? 1)
  }
}

extension SavedModel {
  /// What the model takes.
  var kind: ExampleKind { model is TimeSformer ? .clips : .images }
}

/// Whether there is a folder at a path, or nothing: whoever reads it then says so.
func isFolder(_ path: String) -> Bool {
  var isFolder: ObjCBool = false
  return !FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) || isFolder.boolValue
}
