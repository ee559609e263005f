extension ViTConfiguration {
  /// Throws what is wrong with tokens, normalisations, layer scale and the shapes of single blocks.
  func validateParts() throws(ConfigurationError) {
    try require(
      headDim.map { (1...4096).contains($0) } ?? true,
      "the features of a head must be 1 to 4096, found \(headDim ?? 0)")
    for (name, values, limit) in [
      ("heads", headsByLayer, 1024), ("hidden units", hiddenDimByLayer, 1_048_576),
    ] {
      guard let values else { continue }
      try require(
        values.count == depth,
        "the \(name) by layer are \(values.count), and there are \(depth) blocks")
      if let wrong = values.first(where: { !(1...limit).contains($0) }) {
        try require(false, "the \(name) of a block must be 1 to \(limit), found \(wrong)")
      }
    }
    if let most = headsByLayer?.max() {
      try require(
        most == heads, "the heads by layer are at most \(most), and the model has \(heads)")
    }
    try require(
      (0...1024).contains(registers), "the registers must be 0 to 1024, found \(registers)")
    for (isThere, name) in [
      (registers > 0, "register tokens are"),
      (!embedsTokens, "a position embedding without places for tokens is said to be"),
    ] {
      try require(!isThere || family == .vit, "\(name) for ViT models only")
    }
    try require(
      !keepsClassToken || pooling == .average,
      "a class token is kept beside average pooling; the head of this model reads it anyway")
    try require(
      !isDistilled || (registers == 0 && !normFollowsPooling),
      "a distilled model has neither registers nor a normalisation behind the pooling")
    try require(
      normEpsilon > 0 && normEpsilon < 1,
      "the ε of normalisations must be above 0 and below 1, found \(normEpsilon)")
    try require(
      layerScale?.isFinite ?? true, "layer scale must start finite, found \(layerScale ?? 0)")
  }
}
