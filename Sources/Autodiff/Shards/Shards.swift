import CKernels

/// How the batch of a step is cut: into shards of a fixed number of samples, which are fed in order
/// to a fixed number of lanes, each with a sum of gradients of its own.
///
/// A lane is worked on by one thread at a time, by whichever is free. Since neither shards nor
/// lanes depend on the number of threads, the sum of the gradients has the same bits for any
/// number.
public struct Shards: Sendable, Hashable {
  package let size, lanes: Int

  /// Shards of `size` samples (fewer in the last), and `lanes` sums of gradients that are kept
  /// apart: as many threads can be busy in a step. Both numbers are positive.
  public init(size: Int, lanes: Int) {
    checkPrecondition(
      size > 0 && lanes > 0, "Shards: size \(size), lanes \(lanes), expected 1 or more of both")
    (self.size, self.lanes) = (size, lanes)
  }

  package func ranges(_ count: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
  }

  /// The gradient of the mean loss over a batch of `count` samples, shard by shard, side by side
  /// on the threads of `pool`, and what else came of each shard, in order.
  ///
  /// If calls of `body` throw, the error of the first shard among them is thrown when all have
  /// ended.
  ///
  /// - Parameters:
  ///   - count: how many samples the batch has.
  ///   - weights: where the derivative is taken.
  ///   - pool: whose threads work.
  ///   - pass: what the passes are; its randomness has a source for each of the samples, or is
  ///     empty, if nothing is to be dropped in a model that has dropout.
  ///   - body: from samples, and a tape of their own, to their losses, [n], and anything else.
  public func gradients<Output: Sendable>(
    of count: Int, at weights: ParameterStore, on pool: WorkerPool, _ pass: Pass = Pass(),
    _ body: (_ samples: Range<Int>, _ tape: Tape) throws -> (losses: Variable, output: Output)
  ) throws -> (gradients: Gradients, outputs: [Output]) {
    var outputs: [Output] = []
    let gradients = try gradients(of: count, at: weights, on: pool, pass) { sum in
      outputs = try sum.add(count, body)
    }
    return (gradients, outputs)
  }

  /// The gradient of the mean loss over a batch of `count` samples that `body` adds part by part.
  ///
  /// Where all parts but the last are whole shards, it has the bits of that of the batch in one
  /// part; otherwise shards end where parts do, and the sums round otherwise.
  package func gradients<Output: Sendable>(
    of count: Int, at weights: ParameterStore, on pool: WorkerPool, _ pass: Pass = Pass(),
    inParts body: (_ sum: GradientSum<Output>) throws -> Void
  ) throws -> Gradients {
    checkPrecondition(
      pass.isRecorded, "Shards.gradients: the pass records nothing, as pass.isRecorded is false")
    return try pool.tapes.withSharedValues(weights, pass) { shared in
      let board = LaneBoard<Output>(
        lanes: max(1, min(lanes, (count + size - 1) / size)), weights.tree)
      try body(
        GradientSum(
          shards: self, count: count, weights: weights, pass: pass, pool: pool, shared: shared,
          board: board))
      var sum = board.sum(on: pool)
      shared.differentiate(into: &sum)
      return sum
    }
  }

  /// What comes of each shard of a batch without derivatives, side by side, in order. A single
  /// shard has all threads inside of its operators.
  package func outputs<Output: Sendable>(
    of count: Int, at frozen: FrozenWeights, on pool: WorkerPool,
    _ body: (_ samples: Range<Int>, _ tape: Tape) -> Output
  ) -> [Output] {
    let ranges = ranges(count)
    guard ranges.count > 1 else {
      return ranges.map { range in
        WorkMeter.measure(.busy) { pass(range, at: frozen, on: pool, pool, body) }
      }
    }
    return pool.map(ranges) { range in
      WorkMeter.measure(.busy) { pass(range, at: frozen, on: pool, nil, body) }
    }
  }

  /// The same, where shards also add to sums, one to each: `sums.count` lanes are fed the shards in
  /// order, so that sums do not depend on the number of threads.
  package func outputs<Sum, Output: Sendable>(
    of count: Int, at frozen: FrozenWeights, on pool: WorkerPool, into sums: inout [Sum],
    _ body: (_ samples: Range<Int>, _ tape: Tape, _ sum: inout Sum) -> Output
  ) -> [Output] {
    let ranges = ranges(count)
    guard ranges.count > 1 else {
      return outputs(of: count, at: frozen, on: pool) { body($0, $1, &sums[0]) }
    }
    let parts = sums.withUnsafeMutableBufferPointer { sums in
      pool.map(Array(sums.indices)) { lane in
        stride(from: lane, to: ranges.count, by: sums.count).map { shard in
          WorkMeter.measure(.busy) {
            pass(ranges[shard], at: frozen, on: pool, nil) { body($0, $1, &sums[lane]) }
          }
        }
      }
    }
    return ranges.indices.map { parts[$0 % sums.count][$0 / sums.count] }
  }

  /// What comes of one shard; with threads inside of its operators if there is a pool for them.
  private func pass<Output>(
    _ range: Range<Int>, at frozen: FrozenWeights, on pool: WorkerPool, _ inner: WorkerPool?,
    _ body: (_ samples: Range<Int>, _ tape: Tape) -> Output
  ) -> Output {
    pool.tapes.withTape(
      frozen.weights, frozen.pass.part(range), shared: frozen.shared, pool: inner
    ) { body(range, $0) }
  }
}

/// Which shards are done, and the sums of gradients of the lanes.
///
/// `@unchecked Sendable`: a lane's sum is touched only by the thread that took the lane, under the
/// lock's ordering; the rest is under the lock.
final class LaneBoard<Output: Sendable>: @unchecked Sendable {
  private struct State {
    var isBusy: [Bool]
    var next: [Int]  // the shard that a lane is fed next
    var part = 0..<0  // the shards that are there
    var results: [Result<Output, any Error>?] = []  // of the part
  }
  let lanes: Int
  private let sums: UnsafeMutablePointer<Gradients>
  private let tree: ParameterTree
  private let state: Mutex<State>

  init(lanes: Int, _ tree: ParameterTree) {
    (self.lanes, self.tree) = (lanes, tree)
    sums = .allocate(capacity: lanes)
    sums.initialize(repeating: Gradients(tree), count: lanes)
    state = Mutex(
      State(isBusy: Array(repeating: false, count: lanes), next: Array(0..<lanes)))
  }

  deinit {
    sums.deinitialize(count: lanes)
    sums.deallocate()
  }

  /// Puts `count` more shards there, when all before are done; returns the number of the first.
  func begin(_ count: Int) -> Int {
    state.withLock { state in
      state.part = state.part.upperBound..<state.part.upperBound + count
      state.results = Array(repeating: nil, count: count)
      return state.part.lowerBound
    }
  }

  /// Feeds the next shard of the free lane that has the most left; false if there is none.
  func feedOne(_ body: (_ shard: Int, inout Gradients) throws -> Output) -> Bool {
    guard let (lane, shard) = take() else { return false }
    let result = WorkMeter.measure(.busy) { Result { try body(shard, &sums[lane]) } }
    state.withLock { state in
      state.results[shard - state.part.lowerBound] = result
      state.isBusy[lane] = false
    }
    return true
  }

  private func take() -> (lane: Int, shard: Int)? {
    state.withLock { state in
      var free: Int?
      for lane in 0..<lanes where !state.isBusy[lane] && state.next[lane] < state.part.upperBound {
        if free.map({ state.next[lane] < state.next[$0] }) ?? true { free = lane }
      }
      guard let lane = free else { return nil }
      state.isBusy[lane] = true
      defer { state.next[lane] += lanes }
      return (lane, state.next[lane])
    }
  }

  /// What came of the shards that were put there last.
  func outputs() throws -> [Output] {
    let results = state.withLock { $0.results }
    var outputs: [Output] = []
    outputs.reserveCapacity(results.count)
    for result in results {
      if let output = try result?.get() { outputs.append(output) }
    }
    return outputs
  }

  /// The sum of the lanes, in their order for each parameter and shared value; it takes the place
  /// of the first, and nothing is left in the lanes.
  func sum(on pool: WorkerPool) -> Gradients {
    var total = Gradients(tree)
    swap(&total, &sums[0])
    total.values.withUnsafeMutableBufferPointer { values in
      total.shared.withUnsafeMutableBufferPointer { shared in
        pool.run(tree.count) { slot in  // each writes to its own sums
          WorkMeter.measure(.optimizer) {
            for lane in 1..<lanes {
              add(sums[lane].values[slot], to: &values[slot])
              add(sums[lane].shared[slot], to: &shared[slot])
            }
          }
        }
      }
    }
    for lane in 1..<lanes { sums[lane] = sums[0] }  // which is empty now
    return total
  }

  private func add(_ term: Tensor?, to sum: inout Tensor?) {
    guard let term else { return }
    guard sum != nil else { return sum = term }
    ck_axpy(sum!.mutablePointer(), 1, term.pointer, term.count)
  }
}
