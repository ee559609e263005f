import CKernels
import Synchronization

/// How the batch of a step is cut: into shards of a fixed number of samples, which are fed in order
/// to a fixed number of lanes, each with a sum of gradients of its own.
///
/// A lane is worked on by one thread at a time, by whichever is free. Since neither shards nor
/// lanes depend on the number of threads, the sum of the gradients has the same bits for any
/// number.
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
    var outputs: [Output] = []
    let gradients = try gradients(of: count, at: weights, on: pool) { sum in
      outputs = try sum.add(count, mode: mode, body)
    }
    return (gradients, outputs)
  }

  /// The gradient of the summed losses of a batch of `count` samples that `body` adds part by part.
  ///
  /// Where all parts but the last are whole shards, it has the bits of that of the batch in one
  /// part; otherwise shards end where parts do, and the sums round otherwise.
  ///
  /// ```swift
  /// let gradients = try shards.gradients(of: 256, at: weights, on: pool) { sum in
  ///   for part in parts { losses += try sum.add(part.count) { … } }
  /// }
  /// ```
  public func gradients<Output: Sendable>(
    of count: Int, at weights: ParameterStore, on pool: WorkerPool,
    inParts body: (_ sum: GradientSum<Output>) throws -> Void
  ) throws -> Gradients {
    let shared = SharedValues(weights, isRecording: true)
    let board = LaneBoard<Output>(
      lanes: max(1, min(lanes, (count + size - 1) / size)), weights.tree)
    try body(
      GradientSum(shards: self, weights: weights, pool: pool, shared: shared, board: board))
    var sum = board.sum(on: pool)
    shared.differentiate(into: &sum)
    return sum
  }

  /// What comes of each shard of a batch without derivatives, side by side, in order. A single
  /// shard has all threads inside of its operators.
  public func outputs<Output: Sendable>(
    of count: Int, at frozen: FrozenWeights, on pool: WorkerPool,
    _ body: (_ samples: Range<Int>, _ tape: Tape) -> Output
  ) -> [Output] {
    let ranges = ranges(count)
    guard ranges.count > 1 else {
      return ranges.map { range in
        WorkMeter.measure(.busy) { body(range, Tape(frozen, pool: pool)) }
      }
    }
    return pool.map(ranges) { range in
      WorkMeter.measure(.busy) { body(range, Tape(frozen)) }
    }
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
    self.lanes = lanes
    self.tree = tree
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
      let free = (0..<lanes).filter { !state.isBusy[$0] && state.next[$0] < state.part.upperBound }
      guard let lane = free.min(by: { state.next[$0] < state.next[$1] }) else { return nil }
      state.isBusy[lane] = true
      defer { state.next[lane] += lanes }
      return (lane, state.next[lane])
    }
  }

  /// What came of the shards that were put there last.
  func outputs() throws -> [Output] {
    try state.withLock { $0.results.compactMap(\.self) }.map { try $0.get() }
  }

  /// The sum of the lanes, in their order for each parameter and shared value; it takes the place
  /// of the first, and nothing is left in the lanes.
  func sum(on pool: WorkerPool) -> Gradients {
    let places = Set((0..<lanes).flatMap { sums[$0].shared.keys }).sorted()
    let count = tree.count + places.count
    let terms = UnsafeMutablePointer<[Tensor]>.allocate(capacity: count)  // one task's each
    for index in 0..<count {
      let lanesTerms = (0..<lanes).compactMap { lane -> Tensor? in
        guard index < tree.count else {
          return sums[lane].shared.removeValue(forKey: places[index - tree.count])
        }
        var term: Tensor?
        swap(&term, &sums[lane].values[index])
        return term
      }
      (terms + index).initialize(to: lanesTerms)
    }
    defer {
      terms.deinitialize(count: count)
      terms.deallocate()
    }
    pool.run(count) { index in
      guard terms[index].count > 1 else { return }
      WorkMeter.measure(.optimizer) {
        let out = terms[index][0].mutablePointer()
        for term in terms[index].dropFirst() { ck_axpy(out, 1, term.pointer, term.count) }
        terms[index].removeSubrange(1...)
      }
    }
    var total = Gradients(tree)
    for index in 0..<count {
      guard let sum = terms[index].first else { continue }
      if index < tree.count {
        total.values[index] = sum
      } else {
        total.shared[places[index - tree.count]] = sum
      }
    }
    return total
  }
}
