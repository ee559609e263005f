extension ViTConfiguration {
  /// The names of the presets, ConViT first.
  public static let presetNames = presets.map(\.name)

  package static func preset(_ name: String) -> ViTConfiguration? {
    let name = name.hasSuffix("+") ? name.dropLast() + "_plus" : name
    return presets.first { $0.name == name }?.configuration
  }

  /// The published model of a name, for 224 × 224 images and 1000 classes.
  ///
  /// ConViT: table 1 of the paper, heads of 48 features, 64 in the larger "plus" forms (which may
  /// also be written `convit_tiny+`). DeiT: Touvron et al. 2021, named as in timm.
  ///
  /// - Throws: `ConfigurationError` that lists the names there are.
  public static func preset(of name: String) throws(ConfigurationError) -> ViTConfiguration {
    guard let configuration = preset(name) else {
      throw ConfigurationError(
        message: "no model is called '\(name)'."
          + NearNames.question(NearNames.of(name, among: presetNames)) + " There are "
          + presetNames.joined(separator: ", "))
    }
    return configuration
  }

  private static let presets: [(name: String, configuration: ViTConfiguration)] =
    [("tiny", 4), ("small", 9), ("base", 16)].flatMap { size, heads in
      [
        ("convit_\(size)", ViTConfiguration(.convit, embedDim: 48 * heads, heads: heads)),
        ("convit_\(size)_plus", ViTConfiguration(.convit, embedDim: 64 * heads, heads: heads)),
      ]
    }
    + [("tiny", 3), ("small", 6), ("base", 12)].flatMap { size, heads in
      let plain = ViTConfiguration(.vit, embedDim: 64 * heads, heads: heads)
      var distilled = plain
      distilled.isDistilled = true
      return [
        ("deit_\(size)_patch16_224", plain), ("deit_\(size)_distilled_patch16_224", distilled),
      ]
    }
}
