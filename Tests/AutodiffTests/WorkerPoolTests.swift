import Foundation
import Testing

import struct Synchronization.Atomic

@testable import Autodiff

@Suite struct WorkerPoolTests {
  /// Hyper-threads are numbered behind all cores, or side by side; some may be taken away.
  @Test func pinnedThreadsTakeCoresFirst() {
    func order(_ processors: [Int], _ cores: [String?]) -> [Int] {
      WorkerPool.inOrder(processors) { cores[$0] }
    }
    #expect(order([0, 1, 2, 3], ["0,2", "1,3", "0,2", "1,3"]) == [0, 1, 2, 3])
    #expect(order([0, 1, 2, 3], ["0-1", "0-1", "2-3", "2-3"]) == [0, 2, 1, 3])
    #expect(order([1, 2, 3], ["0-1", "0-1", "2-3", "2-3"]) == [1, 2, 3])
    #expect(order([5, 7], [String?](repeating: nil, count: 8)) == [5, 7])
    #expect(order([], []).isEmpty)
  }

  /// How often each task ran.
  private func counts(_ tasks: Int, on pool: WorkerPool) -> [Int] {
    let counts = Mutex([Int](repeating: 0, count: tasks))
    pool.run(tasks) { task in counts.withLock { $0[task] += 1 } }
    return counts.withLock { $0 }
  }

  @Test(arguments: [1, 2, 3, 8]) func everyTaskRunsOnce(_ threads: Int) {
    let pool = WorkerPool(threads: threads)
    #expect(pool.threads == threads)
    for tasks in [0, 1, 2, 3, 7, 100] {
      #expect(counts(tasks, on: pool) == Array(repeating: 1, count: tasks), "\(tasks) tasks")
    }
  }

  /// A run that follows at once finds no thread still busy with the one before.
  @Test func runsFollowEachOther() {
    let pool = WorkerPool(threads: 3)
    for run in 0..<1000 {
      let sum = Atomic(0)
      let tasks = run % 6
      pool.run(tasks) { sum.wrappingAdd($0 + 1, ordering: .relaxed) }
      #expect(sum.load(ordering: .relaxed) == tasks * (tasks + 1) / 2, "run \(run)")
    }
  }

  @Test func mapKeepsTheOrder() {
    for threads in [1, 4] {
      let pool = WorkerPool(threads: threads)
      let texts = pool.map(Array(0..<50)) { index in
        if index % 7 == 0 { usleep(200) }
        return "\(index)"
      }
      #expect(texts == (0..<50).map(String.init))
      #expect(pool.map([Int]()) { $0 } == [])
    }
  }

  /// As many tasks at a time as there are threads: each waits until all have begun.
  @Test(arguments: [2, 4]) func threadsWorkSideBySide(_ threads: Int) {
    let pool = WorkerPool(threads: threads)
    let begun = Atomic(0)
    let met = Atomic(0)
    pool.run(threads) { _ in
      begun.wrappingAdd(1, ordering: .relaxed)
      let deadline = Date(timeIntervalSinceNow: 10)
      while begun.load(ordering: .relaxed) < threads && Date() < deadline { usleep(100) }
      if begun.load(ordering: .relaxed) == threads { met.wrappingAdd(1, ordering: .relaxed) }
    }
    #expect(met.load(ordering: .relaxed) == threads)
  }

  /// Callers on threads of their own share a pool: each has all its tasks done, and nothing else.
  @Test(arguments: [1, 2, 3]) func anyNumberOfCallers(_ threads: Int) {
    let pool = WorkerPool(threads: threads)
    DispatchQueue.concurrentPerform(iterations: 6) { caller in
      for run in 0..<200 {
        let tasks = 1 + (caller + run) % 9
        #expect(counts(tasks, on: pool) == Array(repeating: 1, count: tasks))
      }
    }
  }

  /// What a task asks for is done on its own thread, whoever's it is.
  @Test(arguments: [1, 2, 4]) func tasksMayUseTheirPool(_ threads: Int) {
    let pool = WorkerPool(threads: threads)
    let sum = Atomic(0)
    pool.run(20) { outer in
      let thread = pthread_self()
      pool.run(10) { inner in
        if pthread_equal(thread, pthread_self()) != 0 {
          sum.wrappingAdd(10 * outer + inner, ordering: .relaxed)
        }
      }
    }
    #expect(sum.load(ordering: .relaxed) == 199 * 200 / 2)
    #expect(counts(30, on: pool) == Array(repeating: 1, count: 30))
  }

  /// A pool of one works on the calling thread.
  @Test func aPoolOfOneHasNoThread() {
    let caller = ObjectIdentifier(Thread.current)
    let others = Atomic(0)
    WorkerPool(threads: 1).run(20) { _ in
      if ObjectIdentifier(Thread.current) != caller { others.wrappingAdd(1, ordering: .relaxed) }
    }
    #expect(others.load(ordering: .relaxed) == 0)
  }

  /// Threads hold what they look at; when it is gone, so are they.
  @Test func threadsEndWithThePool() throws {
    weak var board: AnyObject?
    do {
      let pool = WorkerPool(threads: 4)
      _ = counts(10, on: pool)
      let state = Mirror(reflecting: pool).children.first { $0.label == "state" }
      board = try #require(state).value as AnyObject
      withExtendedLifetime(pool) { #expect(board != nil) }
    }
    let deadline = Date(timeIntervalSinceNow: 10)
    while board != nil && Date() < deadline { usleep(1000) }
    #expect(board == nil)
  }
}
