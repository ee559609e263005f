import Foundation
import Synchronization

/// A fixed number of threads that share out numbered tasks.
///
/// The caller works too, so a pool of one has no thread. BLAS is set to one thread: tasks are what
/// runs side by side. A pool runs one set of tasks at a time, and its threads end with it.
public final class WorkerPool: Sendable {
  /// The number of threads that work, the caller among them.
  public let threads: Int
  private let state = Board()

  /// A pool of `threads` threads, one or more.
  public init(threads: Int) {
    precondition(threads > 0, "WorkerPool: \(threads) threads")
    self.threads = threads
    BLAS.useOneThread()
    for index in 1..<max(threads, 1) {
      let thread = Thread { [state] in state.work() }
      thread.name = "worker \(index)"
      thread.stackSize = 8 << 20
      thread.start()
    }
  }

  deinit { state.close() }

  /// The number of processors that the process may use.
  public static var availableProcessors: Int { ProcessInfo.processInfo.activeProcessorCount }

  /// Calls `task` with 0 ..< `count`, each once, on whichever thread is free; returns when all are
  /// done.
  public func run(_ count: Int, _ task: (Int) -> Void) {
    guard threads > 1, count > 1 else {
      for index in 0..<count { task(index) }
      return
    }
    withoutActuallyEscaping(task) { state.run(count, $0) }
  }

  /// What `transform` makes of each element, in order; each on whichever thread is free.
  public func map<Element, Result>(
    _ elements: [Element], _ transform: (Element) -> Result
  ) -> [Result] {
    [Result](unsafeUninitializedCapacity: elements.count) { results, count in
      guard let base = results.baseAddress else { return }
      run(elements.count) { (base + $0).initialize(to: transform(elements[$0])) }
      count = elements.count
    }
  }

  /// What the threads look at: the tasks of the present run, and how many are taken and done.
  private final class Board: @unchecked Sendable {  // every field is read and written under `lock`
    private let lock = NSCondition()
    private var task: ((Int) -> Void)?
    private var (count, taken, done) = (0, 0, 0)
    private var isClosed = false

    func run(_ count: Int, _ task: @escaping (Int) -> Void) {
      lock.lock()
      precondition(self.task == nil, "WorkerPool.run: called from one of its own tasks")
      (self.task, self.count, taken, done) = (task, count, 0, 0)
      lock.broadcast()
      takeTasks()
      while done < count { lock.wait() }
      self.task = nil
      lock.unlock()
    }

    func work() {
      lock.lock()
      while !isClosed {
        takeTasks()
        lock.wait()
      }
      lock.unlock()
    }

    /// Runs tasks until none is left; entered and left with the lock held.
    private func takeTasks() {
      while let task, taken < count {
        let index = taken
        taken += 1
        lock.unlock()
        task(index)
        lock.lock()
        done += 1
        if done == count { lock.broadcast() }
      }
    }

    func close() {
      lock.lock()
      isClosed = true
      lock.broadcast()
      lock.unlock()
    }
  }
}
