extension ViTConfiguration {
  /// Throws what is wrong with tokens, normalisations and layer scale.
  func validateParts() throws(ConfigurationError) {
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
