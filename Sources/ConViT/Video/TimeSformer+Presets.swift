extension TimeSformerConfiguration {
  /// The names of the presets, the smallest first.
  public static let presetNames = presets.map(\.name)

  /// The structure of a model of clips, for 400 classes and divided attention.
  ///
  /// `timesformer_base_patch16_224` has 8 frames, `timesformer_base_patch16_224_hr` 16 of 448 × 448
  /// pixels, `timesformer_base_patch16_224_l` 96: the three of the paper. `tiny` and `small` are on
  /// the ViTs of these names. The authors' stochastic depth of 0.1 is theirs, too.
  ///
  /// - Throws: `ConfigurationError` with the names that are near.
  public static func preset(
    of name: String
  ) throws(ConfigurationError) -> TimeSformerConfiguration {
    guard let preset = presets.first(where: { $0.name == name }) else {
      throw ConfigurationError(
        message: "no model of clips is called '\(name)'."
          + NearNames.question(NearNames.of(name, among: presetNames)))
    }
    var image = try ViTConfiguration.preset(of: "vit_\(preset.size)_patch16_224")
    (image.imageHeight, image.imageWidth) = (preset.side, preset.side)
    (image.classes, image.dropPathRate) = (400, 0.1)
    return TimeSformerConfiguration(image, frames: preset.frames)
  }

  private static let presets: [(name: String, size: String, side: Int, frames: Int)] = [
    ("timesformer_tiny_patch16_224", "tiny", 224, 8),
    ("timesformer_small_patch16_224", "small", 224, 8),
    ("timesformer_base_patch16_224", "base", 224, 8),
    ("timesformer_base_patch16_224_hr", "base", 448, 16),
    ("timesformer_base_patch16_224_l", "base", 224, 96),
  ]
}

extension ChannelStatistics {
  /// What the authors of TimeSformer normalise clips by.
  package static let clips = ChannelStatistics(
    mean: [0.45, 0.45, 0.45], std: [0.225, 0.225, 0.225])
}
