/// The gradient of the summed losses of a batch that comes in parts, one after the other; see
/// `Shards.gradients(of:at:on:inParts:)`.
public struct GradientSum<Output: Sendable> {
  let shards: Shards
  let weights: ParameterStore
  let pool: WorkerPool
  let shared: SharedValues
  let board: LaneBoard<Output>

  /// Adds the gradient of the next `count` samples, which `mode` and `body` count from 0; returns
  /// what else came of each shard, in order. After an error the sum is of no use.
  public func add(
    _ count: Int, mode: (_ samples: Range<Int>) -> Mode = { _ in .evaluation },
    _ body: (_ samples: Range<Int>, _ tape: Tape) throws -> (loss: Variable, output: Output)
  ) throws -> [Output] {
    let ranges = shards.ranges(count)
    let first = board.begin(ranges.count)
    pool.run(min(pool.threads, board.lanes)) { _ in
      while board.feedOne({ shard, gradients in
        let samples = ranges[shard - first]
        return try pool.tapes.withTape(weights, mode: mode(samples), shared: shared) { tape in
          let (loss, output) = try body(samples, tape)
          tape.accumulateGradients(of: loss, into: &gradients)
          return output
        }
      }) {}
    }
    return try board.outputs()
  }
}
