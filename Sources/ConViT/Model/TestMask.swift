import Autodiff

/// What a trained model is kept from using in a test (tables 5 and 6 of d'Ascoli et al. 2021).
package struct TestMask: Hashable, Sendable {
  /// GPSA layers, from the first, whose gates let the position through alone.
  fileprivate let contentLayers: Int
  /// GPSA layers, from the first, whose gates let the content through alone.
  fileprivate let positionLayers: Int
  fileprivate let posEmbed: Bool  // whether the position embedding is left out

  package init(contentLayers: Int = 0, positionLayers: Int = 0, posEmbed: Bool = false) {
    (self.contentLayers, self.positionLayers, self.posEmbed) = (
      contentLayers, positionLayers, posEmbed
    )
  }
}

extension VisionTransformer {
  /// The weights without the use of something: λ = ±∞ in gates, zeros in the position embedding.
  package func masked(
    _ weights: ParameterStore, by mask: TestMask
  ) throws(ConfigurationError) -> ParameterStore {
    let gated = blocks.compactMap(\.attn.gateLogits)
    for (name, count) in [("content", mask.contentLayers), ("position", mask.positionLayers)] {
      try require(
        (0...gated.count).contains(count),
        "cannot mask the \(name) in \(count) layers: the model has \(gated.count) with gates")
    }
    try require(
      mask.contentLayers == 0 || mask.positionLayers == 0,
      "content and position cannot both be masked in the first layer")
    var weights = weights
    func fill(_ parameter: Parameter, _ value: Float) {
      weights[parameter] = Tensor(repeating: value, parameter.shape)
    }
    for gates in gated.prefix(mask.contentLayers) { fill(gates, .infinity) }
    for gates in gated.prefix(mask.positionLayers) { fill(gates, -.infinity) }
    if mask.posEmbed {
      guard let posEmbed else {
        throw ConfigurationError(message: "the model has no position embedding to mask")
      }
      fill(posEmbed, 0)
    }
    return weights
  }
}
