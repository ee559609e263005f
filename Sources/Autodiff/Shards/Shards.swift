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

  /// The gradient of the summed losses of a batch of `count` samples, shard by shard, side by side
  /// on the threads of `pool`, and what else came of each shard, in order.
  ///
  /// If calls of `body` throw, the error of the first shard among them is thrown when all have
  /// ended.
  ///
  /// - Parameters:
  ///   - mode: what the tape of some samples is for.
  ///   - body: from samples, and a tape of their own, to the loss and anything else.
  public func gradients<Output: Sendable>(
    of count: Int, at weights: ParameterStore, on pool: WorkerPool,
    mode: (_ samples: Range<Int>) -> Mode = { _ in .evaluation },
    _ body: (_ samples: Range<Int>, _ tape: Tape) throws -> (loss: Variable, output: Output)
  ) throws -> (gradients: Gradients, outputs: [Output]) {
    let ranges = ranges(count)
    let shared = SharedValues(weights, isRecording: true)
    let board = LaneBoard<Output>(
      lanes: max(1, min(lanes, ranges.count)), shards: ranges.count, weights.tree)
    pool.run(min(pool.threads, board.lanes)) { _ in
      while board.feedOne({ shard, gradients in
        let tape = Tape(weights, mode: mode(ranges[shard]), shared: shared)
        let (loss, output) = try body(ranges[shard], tape)
        tape.accumulateGradients(of: loss, into: &gradients)
        return output
      }) {}
    }
    let outputs = try board.outputs()
    var sum = board.sum(on: pool)
    shared.differentiate(into: &sum)
    return (sum, outputs)
  }

  /// What comes of each shard of a batch without derivatives, side by side, in order.
  public func outputs<Output: Sendable>(
    of count: Int, at weights: ParameterStore, on pool: WorkerPool,
    _ body: (_ samples: Range<Int>, _ tape: Tape) -> Output
  ) -> [Output] {
    let shared = SharedValues(weights, isRecording: false)
    return pool.map(ranges(count)) { range in
      WorkMeter.measure(.busy) { body(range, Tape(weights, mode: .inference, shared: shared)) }
    }
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

  /// The sum of the lanes, in their order for each parameter and shared value.
  func sum(on pool: WorkerPool) -> Gradients {
    let places = Set((0..<lanes).flatMap { sums[$0].shared.keys }).sorted()
    let total = Mutex(Gradients(tree))
    pool.run(tree.count + places.count) { index in
      WorkMeter.measure(.optimizer) {
        let slot = index < tree.count ? index : nil
        let terms = (0..<lanes).compactMap { lane in
          slot.map { sums[lane].values[$0] } ?? sums[lane].shared[places[index - tree.count]]
        }
        let value = Tensor.sum(terms)
        total.withLock { total in
          if let slot {
            total.values[slot] = value
          } else {
            total.shared[places[index - tree.count]] = value
          }
        }
      }
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
