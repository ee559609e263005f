extension Preset {
  /// All presets, family by family.
  public static let all =
    convits + deits + deit3s + vits + pooled + dinov2s

  private static let convits = [("tiny", 4), ("small", 9), ("base", 16)].flatMap { size, heads in
    [("", 48), ("_plus", 64)].map { form, width in
      Preset(
        name: "convit_\(size)\(form)", family: .convit,
        configuration: ViTConfiguration(.convit, embedDim: width * heads, heads: heads),
        normalization: .imageNet, cropRatio: 0.875)
    }
  }

  private static let deits = made(
    .deit,
    """
    deit_tiny_patch16_224 deit_tiny_distilled_patch16_224 deit_small_patch16_224 \
    deit_small_distilled_patch16_224 deit_base_patch16_224 deit_base_distilled_patch16_224 \
    deit_base_patch16_384 deit_base_distilled_patch16_384
    """
  ) { preset, words in
    preset.cropRatio = 0.875
    preset.configuration.isDistilled = words.contains("distilled")
  }

  private static let deit3s = made(
    .deit3,
    """
    deit3_small_patch16_224 deit3_small_patch16_384 deit3_medium_patch16_224 \
    deit3_base_patch16_224 deit3_base_patch16_384 deit3_large_patch16_224 \
    deit3_large_patch16_384 deit3_huge_patch14_224
    """
  ) { preset, _ in
    preset.configuration.layerScale = 1e-6
    preset.configuration.embedsTokens = false
  }

  private static let vits = made(
    .vit,
    """
    vit_tiny_patch16_224 vit_tiny_patch16_384 vit_small_patch32_224 vit_small_patch32_384 \
    vit_small_patch16_224 vit_small_patch16_384 vit_small_patch8_224 vit_base_patch32_224 \
    vit_base_patch32_384 vit_base_patch16_224 vit_base_patch16_384 vit_base_patch8_224 \
    vit_large_patch32_224 vit_large_patch32_384 vit_large_patch16_224 vit_large_patch16_384 \
    vit_large_patch14_224 vit_huge_patch14_224 vit_base_patch16_plus_240 \
    vit_base_patch32_plus_256 vit_small_patch16_36x1_224
    """
  ) { preset, words in
    if preset.name != "vit_small_patch8_224" { preset.normalization = .halves }
    if words.contains("plus") || words.contains("36x1") { preset.configuration.layerScale = 1e-5 }
    if words.contains("plus") {
      (preset.configuration.embedDim, preset.configuration.heads) = (896, 14)
      preset.cropRatio = 0.95
    }
    if words.contains("36x1") { preset.configuration.depth = 36 }
  }

  private static let pooled = made(
    .pooled,
    """
    vit_wee_patch16_reg1_gap_256 vit_little_patch16_reg1_gap_256 vit_little_patch16_reg4_gap_256 \
    vit_medium_patch16_gap_240 vit_medium_patch16_gap_256 vit_medium_patch16_reg1_gap_256 \
    vit_medium_patch16_reg4_gap_256 vit_mediumd_patch16_reg4_gap_256 \
    vit_mediumd_patch16_reg4_gap_384 vit_betwixt_patch16_gap_256 vit_betwixt_patch16_reg1_gap_256 \
    vit_betwixt_patch16_reg4_gap_256 vit_betwixt_patch16_reg4_gap_384 vit_base_patch16_gap_224 \
    vit_base_patch16_reg4_gap_256 vit_huge_patch14_gap_224
    """
  ) { preset, words in
    let (isBase, isHuge) = (words.contains("base"), words.contains("huge"))
    preset.normalization = isHuge ? .imageNet : .halves
    if preset.configuration.imageHeight < 384 { preset.cropRatio = isBase || isHuge ? 0.9 : 0.95 }
    preset.configuration.pooling = .average
    let hasRegisters = preset.configuration.registers > 0
    if !isBase && !isHuge {
      preset.configuration.layerScale = hasRegisters ? 1e-5 : 1e-6
      preset.configuration.qkvBias = hasRegisters
    }
    preset.configuration.normFollowsPooling = hasRegisters
    preset.configuration.embedsTokens = !hasRegisters
    if preset.name == "vit_base_patch16_gap_224" { preset.configuration.heads = 16 }
  }

  private static let dinov2s = made(
    .dinov2,
    """
    vit_small_patch14_dinov2 vit_small_patch14_reg4_dinov2 vit_base_patch14_dinov2 \
    vit_base_patch14_reg4_dinov2 vit_large_patch14_dinov2 vit_large_patch14_reg4_dinov2
    """
  ) { preset, _ in
    (preset.configuration.imageHeight, preset.configuration.imageWidth) = (518, 518)
    preset.configuration.layerScale = 1e-5
    preset.configuration.embedsTokens = preset.configuration.registers == 0
    preset.cropRatio = 1
  }

  /// The models of a family from the words of their names, and what their names do not say.
  private static func made(
    _ family: Family, _ names: String, _ change: (inout Preset, Set<Substring>) -> Void
  ) -> [Preset] {
    names.split(separator: " ").map { name in
      let words = name.split(separator: "_")
      func number(after prefix: String) -> Int? {
        words.lazy.filter { $0.hasPrefix(prefix) }.compactMap { Int($0.dropFirst(prefix.count)) }
          .first
      }
      let size = words.lazy.compactMap { sizes[String($0)] }.first ?? Size(width: 192, heads: 3)
      var configuration = ViTConfiguration(
        .vit, imageSize: words.last.flatMap { Int($0) } ?? 224,
        patchSize: number(after: "patch") ?? 16, embedDim: size.width, heads: size.heads)
      (configuration.depth, configuration.mlpRatio) = (size.depth, size.mlpRatio)
      configuration.registers = number(after: "reg") ?? 0
      var preset = Preset(
        name: String(name), family: family, configuration: configuration,
        normalization: .imageNet, cropRatio: configuration.imageHeight < 384 ? 0.9 : 1)
      change(&preset, Set(words))
      return preset
    }
  }

  private struct Size {
    var width: Int, heads: Int, depth = 12
    var mlpRatio: Float = 4
  }

  private static let sizes = [
    "tiny": Size(width: 192, heads: 3), "wee": Size(width: 256, heads: 4, depth: 14, mlpRatio: 5),
    "little": Size(width: 320, heads: 5, depth: 14, mlpRatio: 5.6),
    "small": Size(width: 384, heads: 6), "medium": Size(width: 512, heads: 8),
    "mediumd": Size(width: 512, heads: 8, depth: 20), "betwixt": Size(width: 640, heads: 10),
    "base": Size(width: 768, heads: 12), "large": Size(width: 1024, heads: 16, depth: 24),
    "huge": Size(width: 1280, heads: 16, depth: 32),
  ]
}

extension ChannelStatistics {
  /// CLIP's (Radford et al. 2021), of the pictures that it was trained on.
  static let clip = ChannelStatistics(
    mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711])

  /// What brings black and white to −1 and 1.
  static let halves = ChannelStatistics(mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5])
}
