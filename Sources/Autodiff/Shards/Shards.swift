import CKernels
import Synchronization

/// How the batch of a step is cut: into shards of a fixed number of samples, which are fed in order
/// to a fixed number of lanes, each with a sum of gradients of its own.
///
/// A lane is worked on by one thread at a time, by whichever is free. Since neither shards nor lanes
/// depend on the number of threads, the sum of the gradients has the same bits for any number.
public struct Shards: Sendable, Hashable {
  /// Samples in a shard (fewer in the last).
  public let size: Int
  /// Sums of gradients that are kept apart: as many threads can be busy in a step.
  public let lanes: Int

  /// A cut of batches; both numbers are positive.
  public init(size: Int, lanes: Int) {
    precondition(size > 0 && lanes > 0, "Shards: size \(size), lanes \(lanes)")
    self.size = size
    self.lanes = lanes
  }

  /// The samples of each shard of a batch of `count`.
  public func ranges(_ count: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
  }

  /// Calls `body` for every shard of a batch of `count` samples, side by side on the threads of
  /// `pool`, with the gradients of its lane to add to, and returns the sum of all gradients and
  /// what the calls returned, in the order of the shards.
  ///
  /// If calls throw, the error of the first shard among them is thrown when all have ended.
  public func gradients<Output: Sendable>(
    of count: Int, by tree: ParameterTree, on pool: WorkerPool,
    _ body: (_ samples: Range<Int>, _ gradients: inout Gradients) throws -> Output
  ) throws -> (gradients: Gradients, outputs: [Output]) {
    let ranges = ranges(count)
    let board = LaneBoard<Output>(
      lanes: max(1, min(lanes, ranges.count)), shards: ranges.count, tree)
    pool.run(min(pool.threads, board.lanes)) { _ in
      while board.feedOne({ shard, gradients in try body(ranges[shard], &gradients) }) {}
    }
    return (board.sum(on: pool), try board.outputs())
  }
}

/// Which shards are done, and the sums of gradients of the lanes.
///
/// `@unchecked Sendable`: a lane's sum is touched only by the thread that took the lane, under the
/// lock's ordering; the rest is under the lock.
private final class LaneBoard<Output: Sendable>: @unchecked Sendable {
  private struct State {
    var isBusy: [Bool]
    var next: [Int]  // the shard that a lane is fed next
    var results: [Result<Output, any Error>?]
  }
  let lanes: Int
  private let sums: UnsafeMutablePointer<Gradients>
  private let tree: ParameterTree
  private let state: Mutex<State>

  init(lanes: Int, shards: Int, _ tree: ParameterTree) {
    self.lanes = lanes
    self.tree = tree
    sums = .allocate(capacity: lanes)
    sums.initialize(repeating: Gradients(tree), count: lanes)
    state = Mutex(
      State(
        isBusy: Array(repeating: false, count: lanes), next: Array(0..<lanes),
        results: Array(repeating: nil, count: shards)))
  }

  deinit {
    sums.deinitialize(count: lanes)
    sums.deallocate()
  }

  /// Feeds the next shard of the free lane that has the most left; false if there is none.
  func feedOne(_ body: (_ shard: Int, inout Gradients) throws -> Output) -> Bool {
    guard let (lane, shard) = take() else { return false }
    let result = WorkMeter.measure(.busy) { Result { try body(shard, &sums[lane]) } }
    state.withLock { state in
      state.results[shard] = result
      state.isBusy[lane] = false
    }
    return true
  }

  private func take() -> (lane: Int, shard: Int)? {
    state.withLock { state in
      let free = (0..<lanes).filter { !state.isBusy[$0] && state.next[$0] < state.results.count }
      guard let lane = free.min(by: { state.next[$0] < state.next[$1] }) else { return nil }
      state.isBusy[lane] = true
      defer { state.next[lane] += lanes }
      return (lane, state.next[lane])
    }
  }

  func outputs() throws -> [Output] {
    try state.withLock { $0.results.compactMap(\.self) }.map { try $0.get() }
  }

  /// The sum of the lanes, in their order for each parameter.
  func sum(on pool: WorkerPool) -> Gradients {
    let total = Mutex(Gradients(tree))
    pool.run(tree.count) { slot in
      let value = WorkMeter.measure(.optimizer) {
        Tensor.sum((0..<lanes).compactMap { sums[$0].values[slot] })
      }
      total.withLock { $0.values[slot] = value }
    }
    return total.withLock { $0 }
  }
}

extension Tensor {
  /// The sum of tensors of one shape, from the first to the last.
  fileprivate static func sum(_ terms: [Tensor]) -> Tensor? {
    guard terms.count > 1, let first = terms.first else { return terms.first }
    return Tensor(unsafeUninitialized: first.shape) { out in
      ck_add(out, first.pointer, terms[1].pointer, first.count)
      for term in terms.dropFirst(2) { ck_axpy(out, 1, term.pointer, first.count) }
    }
  }
}
