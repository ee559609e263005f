/// A published model: its structure, and how images are made ready for its published weights.
///
/// Names are timm's, and so are structures and inputs (`default_cfg` of timm 1.0.31), but for the
/// share of an image that DeiT sees (`cropRatio`): it is that of DeiT's authors. All are for 1000
/// classes, also where timm's model has no head. Images are resized bicubically.
public struct Preset: Sendable {
  /// What a list of presets is ordered by.
  public enum Family: String, Hashable, Sendable, CaseIterable {
    /// d'Ascoli et al. 2021; the larger "plus" forms are of the paper alone, not of timm.
    case convit = "ConViT"
    /// Touvron et al. 2021 (arXiv:2012.12877).
    case deit = "DeiT"
    /// Touvron et al. 2022 (arXiv:2204.07118): layer scale, no place for the class token.
    case deit3 = "DeiT III"
    /// Dosovitskiy et al. 2021 (arXiv:2010.11929), with the inputs of Steiner et al. 2021.
    case vit = "ViT"
    /// ViTs whose head reads the mean over the patches, with register tokens or without.
    case pooled = "ViT with average pooling"
    /// Oquab et al. 2023 (arXiv:2304.07193), with register tokens or without.
    case dinov2 = "DINOv2"
  }

  /// timm's name, in front of a tag.
  public let name: String
  /// What kind of model it is.
  public let family: Family
  /// The structure, with 1000 classes.
  public var configuration: ViTConfiguration
  /// By what images are normalised.
  public var normalization: ChannelStatistics
  /// The share of the resized image's shorter side that evaluation keeps: `--eval-crop-ratio`.
  public var cropRatio: Double
}

extension Preset {
  /// The preset of a name, with a tag such as `.augreg_in1k` or without: the tag says which
  /// published weights are meant, of which some have inputs of their own.
  ///
  /// - Throws: `ConfigurationError` with the names that are near.
  public static func named(_ text: String) throws(ConfigurationError) -> Preset {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let name = parts[0].hasSuffix("+") ? parts[0].dropLast() + "_plus" : parts[0]
    guard let preset = byName[String(name)] else {
      throw ConfigurationError(
        message: "no model is called '\(text)'."
          + NearNames.question(NearNames.of(text, among: ViTConfiguration.presetNames))
          + " convit models lists those there are")
    }
    guard parts.count > 1 else { return preset }
    var tagged = preset
    switch (preset.family, parts[1]) {
    case (.vit, "mae"), (.vit, "dino"): tagged.normalization = .imageNet
    case (.vit, "bamboo"): (tagged.normalization, tagged.cropRatio) = (.clip, 1)
    case (.deit3, "fb_in22k_ft_in1k"): tagged.cropRatio = 1
    default: break
    }
    return tagged
  }

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}

extension ViTConfiguration {
  /// The names of the presets, ConViT first.
  public static let presetNames = Preset.all.map(\.name)

  package static func preset(_ name: String) -> ViTConfiguration? {
    (try? Preset.named(name))?.configuration
  }

  /// The structure of a published model, for 1000 classes and the images that it was made for.
  ///
  /// ConViT: table 1 of the paper, heads of 48 features, 64 in the larger "plus" forms (which may
  /// also be written `convit_tiny+`). All others are named as in timm; a tag behind the name, as in
  /// `vit_base_patch16_224.mae`, does not change the structure.
  ///
  /// - Throws: `ConfigurationError` with the names that are near.
  public static func preset(of name: String) throws(ConfigurationError) -> ViTConfiguration {
    try Preset.named(name).configuration
  }
}
