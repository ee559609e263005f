extension ModelShape {
  /// The presets whose blocks have these shapes, whatever the patches, images and classes are.
  var presets: [String] {
    ViTConfiguration.presetNames.filter { name in
      guard let preset = ViTConfiguration.preset(name) else { return false }
      return width == preset.embedDim && depth == preset.depth
        && localBlocks == preset.localUpToLayer && (heads ?? preset.heads) == preset.heads
        && isGated == (preset.localUpToLayer > 0) && hasBias == preset.qkvBias && hasToken
        && isDistilled == preset.isDistilled && hidden == 4 * preset.embedDim && positions != nil
    }
  }

  /// The one model that has these shapes, with its images square; nil if they leave a choice, as
  /// the number of heads does in a model that has no GPSA and is of no preset.
  var configuration: ViTConfiguration? {
    guard let width, depth > 0, let hidden, let patch, patch.count == 2, patch[0] == patch[1],
      patch[0] > 0, let channels, width > 0
    else { return nil }
    let preset = presets.first.flatMap(ViTConfiguration.preset)
    guard let heads = heads ?? preset?.heads, heads > 0 else { return nil }
    // A model without GPSA is a ViT: that the token has a place in the embedding tells it.
    let family: ViTConfiguration.Family = localBlocks > 0 ? .convit : .vit
    var c = ViTConfiguration(family, patchSize: patch[0], embedDim: width, heads: heads)
    (c.depth, c.localUpToLayer) = (depth, localBlocks)
    (c.channels, c.classes, c.mlpRatio) = (
      channels, classes ?? c.classes, Float(hidden) / Float(width)
    )
    (c.qkvBias, c.isDistilled, c.usePosEmbed) = (hasBias, isDistilled, positions != nil)
    c.isGated = isGated || localBlocks == 0
    c.pooling = hasToken ? .token : .average
    if let positions {
      let count = max(0, positions - (family == .vit ? c.tokens : 0))
      let side = Int(Double(count).squareRoot())
      guard side * side == count, side > 0, side <= 65_536, patch[0] <= 65_536 else { return nil }
      (c.imageHeight, c.imageWidth) = (side * patch[0], side * patch[0])
    } else {
      let side = max(1, 224 / min(patch[0], 65_536)) * min(patch[0], 65_536)
      (c.imageHeight, c.imageWidth) = (side, side)
    }
    guard (try? c.validate()) != nil, c.hiddenDim == hidden else { return nil }
    return c
  }
}

extension WeightsFile {
  /// The model that the file says it is of, or that its shapes are those of and no other's.
  package var configuration: ViTConfiguration? {
    get throws { try WeightsMetadata(self).configuration ?? shapedConfiguration() }
  }

  /// The model that the shapes are those of and no other's.
  func shapedConfiguration(heads: Int? = nil) -> ViTConfiguration? {
    var shape = ModelShape(self)
    shape.heads = shape.heads ?? heads
    return splitNote == nil ? shape.configuration : nil
  }
}

extension ViTConfiguration {
  /// "convit_tiny, patches of 16 pixels": for people.
  package var shapeText: String {
    let blocks = "\(depth) \(depth == 1 ? "block" : "blocks")"
    let gpsa = localUpToLayer > 0 ? " (\(localUpToLayer) GPSA)" : ""
    let name =
      presetName ?? "\(blocks)\(gpsa), \(heads) heads of \(embedDim / heads) features"
    return "\(name), patches of \(patchSize) pixels"
  }

  /// The preset that this is, whatever its images, patches and classes are, and its rates.
  package var presetName: String? {
    Self.presetNames.first { name in
      Self.preset(name).map { preset in
        preset.family == family && preset.embedDim == embedDim && preset.heads == heads
          && preset.depth == depth && preset.localUpToLayer == localUpToLayer
          && preset.mlpRatio == mlpRatio && preset.qkvBias == qkvBias
          && preset.isDistilled == isDistilled && preset.pooling == pooling
          && preset.isGated == isGated && preset.usePosEmbed == usePosEmbed
      } ?? false
    }
  }
}
