import Autodiff

extension Shards {
  /// How batches of a model are cut, unless someone says otherwise: shards of about 800 tokens
  /// (four images of 14 × 14 patches), whose matrices stay in a core's cache, or fewer if
  /// that leaves a lane without.
  ///
  /// It depends on the model, the batch and the lanes and not on the machine, so that results do
  /// not.
  public init(
    for configuration: ViTConfiguration, batchSize: Int, size: Int? = nil, lanes: Int = 4
  ) {
    let tokens = configuration.grid.count + configuration.tokens
    let automatic = max(1, min((800 + tokens / 2) / tokens, (batchSize + lanes - 1) / lanes))
    self.init(size: size ?? automatic, lanes: lanes)
  }
}
