import Autodiff

extension Shards {
  /// How batches of a model are cut, unless someone says otherwise: shards of about 800 rows
  /// (four images of 14 × 14 patches), whose matrices stay in a core's cache, or fewer if
  /// that leaves a lane without.
  ///
  /// It depends on the model, the batch and the lanes and not on the machine, so that results do
  /// not.
  public init(
    for model: some Model, batchSize: Int, size: Int? = nil, lanes: Int = 4
  ) {
    let rows = max(model.rows, 1)
    let automatic = max(1, min((800 + rows / 2) / rows, (batchSize + lanes - 1) / lanes))
    self.init(size: size ?? automatic, lanes: lanes)
  }
}
