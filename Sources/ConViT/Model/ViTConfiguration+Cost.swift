extension ViTConfiguration {
  /// Multiply–adds of one image's forward pass, counted as papers and timm do: matrix products
  /// only. Table 1 of the ConViT paper calls them flops.
  public var multiplyAdds: Int {
    let patches = grid.count
    let embedding = patches * embedDim * channels * patchSize * patchSize
    let hidden = Int(Float(embedDim) * mlpRatio)
    var sum = embedding + (isDistilled ? 2 : 1) * embedDim * classes
    for layer in 0..<depth {
      let joined = family == .vit || layer >= localUpToLayer
      let n = patches + (joined ? tokens : 0)
      sum += n * (4 * embedDim * embedDim + 2 * embedDim * hidden)  // projections and MLP
      sum += 2 * n * n * embedDim  // scores, and their product with the values
    }
    return sum
  }
}
