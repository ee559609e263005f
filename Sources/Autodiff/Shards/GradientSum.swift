/// The gradient of the mean loss over a batch that comes in parts, one after the other.
package struct GradientSum<Output: Sendable> {
  let shards: Shards
  let count: Int  // the samples of all parts
  let weights: ParameterStore
  let pass: Pass
  let pool: WorkerPool
  let shared: SharedValues
  let board: LaneBoard<Output>

  /// Adds the gradient of the next `count` samples, which `randomness` and `body` count from 0;
  /// returns what else came of each shard, in order. After an error the sum is of no use.
  package func add(
    _ count: Int, randomness: [Random]? = nil,
    _ body: (_ samples: Range<Int>, _ tape: Tape) throws -> (losses: Variable, output: Output)
  ) throws -> [Output] {
    let ranges = shards.ranges(count)
    var whole = pass
    if let randomness { whole.randomness = randomness[...] }
    let pass = whole
    let first = board.begin(ranges.count)
    pool.run(min(pool.threads, board.lanes)) { _ in
      while board.feedOne({ shard, gradients in
        let samples = ranges[shard - first]
        return try pool.tapes.withTape(weights, pass.part(samples), shared: shared) { tape in
          tape.needsRandomness = pass.randomness == nil
          let (losses, output) = try body(samples, tape)
          checkPrecondition(
            losses.shape == Shape(samples.count),
            "Shards.gradients: losses of shape \(losses.shape) for \(samples.count) samples, of "
              + "which each has one; the mean over all shards is taken here")
          tape.accumulateGradients(of: 1 / Float(self.count) * losses.sum(), into: &gradients)
          return output
        }
      }) {}
    }
    return try board.outputs()
  }
}
