internal import Synchronization

/// Where the time of a computation goes, by kind of work, summed over all threads.
///
/// It is off unless a benchmark asks for it, and then costs two looks at the clock for each loop or
/// matrix product. It observes only: no result depends on it.
package enum WorkMeter {
  package enum Work: Int, CaseIterable, Sendable {
    /// Matrix products with weights.
    case linear
    /// Matrix products of attention: scores, and scores with values.
    case attention
    case softmax
    case gelu
    case norm
    /// Adding up the gradients of the shards, and the step that they make.
    case optimizer
    /// Everything that was done for shards: the kinds before `optimizer`, and what has no kind.
    case busy
  }

  private static let isOn = Atomic(false)
  private static let nanoseconds = Mutex([Int64](repeating: 0, count: Work.allCases.count))

  @inline(__always)
  static func measure<Result>(_ work: Work, _ body: () throws -> Result) rethrows -> Result {
    guard isOn.load(ordering: .relaxed) else { return try body() }
    let begin = ContinuousClock.now
    defer {
      let (seconds, attoseconds) = (ContinuousClock.now - begin).components
      let time = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
      nanoseconds.withLock { $0[work.rawValue] += time }
    }
    return try body()
  }

  /// The same of a kernel, which a dry run leaves out.
  @inline(__always)
  static func measureKernel(_ work: Work, _ body: () -> Void) {
    if !DryRun.isOn { measure(work, body) }
  }

  /// Runs `body` with the meter on, one at a time; the seconds by kind of work of all threads.
  package static func seconds(of body: () throws -> Void) rethrows -> [Work: Double] {
    nanoseconds.withLock { for index in $0.indices { $0[index] = 0 } }
    isOn.store(true, ordering: .relaxed)
    defer { isOn.store(false, ordering: .relaxed) }
    try body()
    return nanoseconds.withLock { times in
      Dictionary(uniqueKeysWithValues: Work.allCases.map { ($0, Double(times[$0.rawValue]) / 1e9) })
    }
  }
}
