import Autodiff

/// A group that notes how long it takes until the others have come and the numbers are summed.
final class WaitingGroup: ProcessGroup {
  private let base: any ProcessGroup
  private let total = Mutex(Duration.zero)

  init(_ base: any ProcessGroup) { self.base = base }

  var rank: Int { base.rank }
  var count: Int { base.count }
  var waited: Duration { total.withLock { $0 } }

  func gather(_ bytes: [UInt8]) throws -> [[UInt8]] { try timed { try base.gather(bytes) } }

  func sum(_ buffers: [UnsafeMutableBufferPointer<Float>]) throws {
    try timed { try base.sum(buffers) }
  }

  private func timed<Value>(_ body: () throws -> Value) rethrows -> Value {
    let begin = ContinuousClock.now
    defer { total.withLock { $0 += .now - begin } }
    return try body()
  }
}
