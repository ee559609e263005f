extension ModelShape {
  /// The presets whose blocks have these shapes, whatever the classes are: those with the file's
  /// patches and places, and if there are none, with others.
  var presets: [String] {
    let alike = Preset.all.filter { preset in
      let preset = preset.configuration
      return width == preset.embedDim && depth == preset.depth
        && localBlocks == preset.localUpToLayer && (heads ?? preset.heads) == preset.heads
        && isGated == (preset.localUpToLayer > 0) && hasBias == preset.qkvBias
        && hasToken == preset.hasClassToken && isDistilled == preset.isDistilled
        && hidden == preset.hiddenDim && positions != nil && registers == preset.registers
        && hasLayerScale == (preset.layerScale != nil)
        && normFollowsPooling == preset.normFollowsPooling
    }
    let patched = alike.filter {
      patch == [$0.configuration.patchSize, $0.configuration.patchSize]
    }
    let placed = patched.filter { preset in
      let preset = preset.configuration
      return positions == preset.embeddedTokens + preset.grid.count
    }
    return [placed, patched, alike].first { !$0.isEmpty }?.map(\.name) ?? []
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
    // With a class token, only a mean is normalised behind the pooling, by timm's default.
    c.pooling = hasToken && !normFollowsPooling ? .token : .average
    c.keepsClassToken = hasToken && normFollowsPooling
    (c.registers, c.normFollowsPooling) = (registers, normFollowsPooling)
    c.layerScale = hasLayerScale ? 1e-5 : nil
    if let positions {
      func side(_ tokens: Int) -> Int { Int(Double(max(0, positions - tokens)).squareRoot()) }
      // Whether tokens have places in the embedding is told by which of both leaves a square.
      c.embedsTokens =
        family == .convit || c.tokens == 0 || positions != side(0) * side(0)
      let count = max(0, positions - c.embeddedTokens)
      let side = side(c.embeddedTokens)
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

  /// The presets that the file may be of: the one that it names, or else all of its shapes.
  package var presetNames: [String] {
    get throws {
      let said = try WeightsMetadata(self)
      if let name = said.name, let preset = ViTConfiguration.preset(name),
        preset.presetName == said.configuration?.presetName
      {
        return [name]
      }
      return ModelShape(self).presets
    }
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
      presetName ?? "\(blocks)\(gpsa), \(headsText) heads of \(headFeatures) features"
    return "\(name), patches of \(patchSize) pixels"
  }

  /// "4", or "2 to 4" where blocks differ.
  package var headsText: String {
    let few = headsByLayer?.min() ?? heads
    return few == heads ? "\(few)" : "\(few) to \(heads)"
  }

  /// The preset that this is, whatever its images, patches and classes are, and its rates.
  package var presetName: String? {
    Preset.all.first { preset in
      let preset = preset.configuration
      return preset.family == family && preset.embedDim == embedDim && preset.heads == heads
        && preset.depth == depth && preset.localUpToLayer == localUpToLayer
        && headDim == nil && headsByLayer == nil && hiddenDimByLayer == nil
        && preset.mlpRatio == mlpRatio && preset.qkvBias == qkvBias
        && preset.isDistilled == isDistilled && preset.pooling == pooling
        && preset.keepsClassToken == keepsClassToken && preset.isGated == isGated
        && preset.usePosEmbed == usePosEmbed
        && preset.embedsTokens == embedsTokens && preset.registers == registers
        && preset.normFollowsPooling == normFollowsPooling
        && (preset.layerScale == nil) == (layerScale == nil)
        && preset.normEpsilon == normEpsilon
    }?.name
  }
}
