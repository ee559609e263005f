import ArgumentParser
import ConViT
import Images
import Recipes

/// Which frames of a clip a model of clips is shown.
struct ClipFrameOptions: ParsableArguments {
  @Option(
    .int("Frames of a clip; a time embedding for others is resized. (default: the model's)"))
  var frames: Int?
  @Option(.int("Frames from one that the model sees to the next. (default: the model's, or 1)"))
  var frameStride: Int?
  @Option(.name("Where the frames begin: first or middle. (default: middle)"))
  var evalPlacement: DataSettings.FixedPlacement?
  @OptionGroup var limits: ClipLimitOptions

  func validate() throws {
    try require("frames", frames, in: 1...1024)
    try require("frame-stride", frameStride, in: 1...1_000_000)
  }

  /// A reader of the clips of a model of clips, nil for one of images.
  ///
  /// - Throws: a usage error if something is said of clips to a model of images.
  func reader(
    for saved: SavedModel, _ settings: DataSettings, cropRatio: Double?, spans: Int? = nil,
    crops: Int? = nil
  ) throws -> ClipReader? {
    guard saved.kind == .clips else {
      let given = [
        ("frame-stride", frameStride != nil), ("eval-placement", evalPlacement != nil),
        ("clips", spans != nil), ("crops", crops != nil),
        ("max-frames", limits.maxFrames != nil), ("max-seconds", limits.maxSeconds != nil),
      ].first(where: \.1)?.0
      guard let given else { return nil }
      throw ValidationError("\(given) is for models of clips, and the weights are of images")
    }
    var settings = settings
    limits.apply(to: &settings)
    try settings.validate()
    return try saved.clipReader(
      settings, cropRatio: cropRatio, stride: frameStride,
      placement: spans.map { .dense($0) } ?? (evalPlacement ?? .middle).ofSampling,
      crops: crops ?? 1)
  }
}

/// Which views of a clip a model of clips is asked about; its answers are averaged.
struct ClipViewOptions: ParsableArguments {
  @OptionGroup var one: ClipFrameOptions
  @Option(.int("Spans of frames over the length of a clip, instead of one. (default: none)"))
  var clips: Int?
  @Option(
    .int("1, or 3 along the longer side, with the shorter scaled to the crop. (default: 1)"))
  var crops: Int?

  func validate() throws {
    try require("clips", clips, in: 1...1000)
    guard [nil, 1, 3].contains(crops) else {
      throw ValidationError("crops must be 1 or 3, found \(crops ?? 0)")
    }
    guard clips == nil || one.evalPlacement == nil else {
      throw ValidationError(
        "clips and eval-placement are two ways to choose where frames begin: leave out one")
    }
  }

  var frames: Int? { one.frames }

  /// A reader of the views of clips, nil for a model of images; throws as that of one view does.
  func reader(
    for saved: SavedModel, _ settings: DataSettings, cropRatio: Double?
  ) throws -> ClipReader? {
    guard cropRatio == nil || crops != 3 || saved.kind == .images else {
      throw ValidationError("eval-crop-ratio is for one crop: three are of the whole shorter side")
    }
    return try one.reader(for: saved, settings, cropRatio: cropRatio, spans: clips, crops: crops)
  }
}
