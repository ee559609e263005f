import Autodiff
import Foundation

/// Threads of this process in the place of processes, each with a member of the group.
final class ThreadGroup: @unchecked Sendable {  // what changes is behind `lock`
  private let lock = NSCondition()
  private let count: Int
  private var given: [Int: [UInt8]] = [:]
  private var buffers: [Int: [UnsafeMutableBufferPointer<Float>]] = [:]
  private var (arrived, round) = (0, 0)
  private var all: [[UInt8]] = []

  init(_ count: Int) { self.count = count }

  /// What `body` makes of each member, in the order of ranks, each on a thread of its own.
  static func map<Value: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (any ProcessGroup) throws -> Value
  ) -> [Result<Value, any Error>] {
    let group = ThreadGroup(count)
    let results = Results<Value>()
    let threads = (0..<count).map { rank in
      let thread = Thread {
        let member = Member(group: group, rank: rank)
        results.set(rank, Result { try member.agreeing { try body(member) } })
      }
      thread.stackSize = 8 << 20
      thread.start()
      return thread
    }
    return results.wait(for: threads.count)
  }

  private struct Member: ProcessGroup {
    let group: ThreadGroup
    let rank: Int
    var count: Int { group.count }

    func gather(_ bytes: [UInt8]) -> [[UInt8]] {
      group.meet {
        group.given[rank] = bytes
      } last: {
        group.all = (0..<count).map { group.given[$0] ?? [] }
      } _: {
        group.all
      }
    }

    func sum(_ buffers: [UnsafeMutableBufferPointer<Float>]) {
      group.meet {
        group.buffers[rank] = buffers
      } last: {
        for (place, first) in (group.buffers[0] ?? []).enumerated() {
          for element in first.indices {
            let sum = (0..<count).reduce(Float(0)) { $0 + group.buffers[$1]![place][element] }
            for rank in 0..<count { group.buffers[rank]![place][element] = sum }
          }
        }
      } _: {
      }
    }
  }

  /// Waits until all are here; the last one to come does `last`.
  private func meet<Value>(
    _ arrive: () -> Void, last: () -> Void, _ leave: () -> Value
  ) -> Value {
    lock.lock()
    defer { lock.unlock() }
    arrive()
    arrived += 1
    let own = round
    if arrived == count {
      last()
      (arrived, round) = (0, round + 1)
      lock.broadcast()
    }
    while round == own { lock.wait() }
    return leave()
  }

  private final class Results<Value: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private var values: [Int: Result<Value, any Error>] = [:]

    func set(_ rank: Int, _ value: Result<Value, any Error>) {
      condition.withLock {
        values[rank] = value
        condition.broadcast()
      }
    }

    func wait(for count: Int) -> [Result<Value, any Error>] {
      condition.withLock {
        while values.count < count { condition.wait() }
        return (0..<count).compactMap { values[$0] }
      }
    }
  }
}
