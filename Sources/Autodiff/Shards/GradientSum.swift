/// The gradient of the summed losses of a batch that comes in parts, one after the other; see
/// `Shards.gradients(of:at:on:inParts:)`.
public struct GradientSum<Output: Sendable> {
  let shards: Shards
  let weights: ParameterStore
  let pass: Pass
  let pool: WorkerPool
  let shared: SharedValues
  let board: LaneBoard<Output>

  /// Adds the gradient of the next `count` samples, which `randomness` and `body` count from 0;
  /// returns what else came of each shard, in order. After an error the sum is of no use.
  ///
  /// - Parameter randomness: the sources of these samples, if any, as in ``Pass/randomness``.
  public func add(
    _ count: Int, randomness: [Random]? = nil,
    _ body: (_ samples: Range<Int>, _ tape: Tape) throws -> (loss: Variable, output: Output)
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
          let (loss, output) = try body(samples, tape)
          tape.accumulateGradients(of: loss, into: &gradients)
          return output
        }
      }) {}
    }
    return try board.outputs()
  }
}
