import CKernels
import Foundation
internal import Synchronization

/// A fixed number of threads that share out numbered tasks.
///
/// The caller works too, so a pool of one has no thread. BLAS is set to one thread: tasks are what
/// runs side by side. Any number of callers may share a pool: it runs the tasks of one caller after
/// those of another, and tasks that a task asks for on that task's own thread. The threads end with
/// the pool.
public final class WorkerPool: Sendable {
  /// The number of threads that work, the caller among them.
  package let threads: Int
  private let state = Board()
  let tapes = TapePool()

  /// A pool of `threads` threads, one or more, or fewer where the system gives no more.
  ///
  /// - Parameters:
  ///   - threads: how many, the caller among them.
  ///   - pinned: whether each stays on a processor of its own; the caller's thread does not,
  ///     since threads that it starts would be kept there with it.
  ///   - first: where threads are pinned, the first of the processors that are used, from 0, where
  ///     those of a core of its own come before the second ones of cores (hyper-threads).
  public init(threads: Int = availableProcessors, pinned: Bool = false, from first: Int = 0) {
    checkPrecondition(threads > 0, "WorkerPool: \(threads) threads, expected 1 or more")
    BLAS.useOneThread()
    let processors =
      pinned ? Self.inOrder(Self.allowedProcessors, threadsOfCore: Self.threadsOfCore(of:)) : []
    var started = 1
    while started < threads,
      startThread(
        named: "worker \(started)", stackSize: 8 << 20,
        { [state, index = started] in
          if !processors.isEmpty { ck_pin_thread(processors[(first + index) % processors.count]) }
          state.work()
        })
    { started += 1 }
    self.threads = started
  }

  deinit { state.close() }

  /// The processors of this machine, as many threads as a pool has that is not told otherwise.
  public static var availableProcessors: Int { ProcessInfo.processInfo.activeProcessorCount }

  /// The numbers of the processors that this process may use; none where the system does not say.
  package static var allowedProcessors: [Int] {
    (0..<ck_processor_limit()).filter { ck_processor_is_allowed($0) }
  }

  /// Processors in the order in which threads are pinned: one of each core first, then the second
  /// of cores that have two. Those of a core have the same text of `threadsOfCore`.
  static func inOrder(_ processors: [Int], threadsOfCore: (Int) -> String?) -> [Int] {
    var taken: [String: Int] = [:]
    let places = processors.map { processor in
      let core = threadsOfCore(processor) ?? "\(processor)"
      taken[core, default: 0] += 1
      return (taken[core] ?? 0, processor)
    }
    return places.sorted { $0 < $1 }.map(\.1)
  }

  private static func threadsOfCore(of processor: Int) -> String? {
    try? String(
      contentsOfFile: "/sys/devices/system/cpu/cpu\(processor)/topology/thread_siblings_list",
      encoding: .utf8)
  }

  /// Calls `task` with 0 ..< `count`, each once, on whichever thread is free; returns when all are
  /// done.
  public func run(_ count: Int, _ task: (Int) -> Void) {
    guard threads > 1, count > 1,
      withoutActuallyEscaping(task, do: { state.run(count, $0) })
    else {
      for index in 0..<count { task(index) }
      return
    }
  }

  /// What `transform` makes of each element, in order; each on whichever thread is free.
  package func map<Element, Result>(
    _ elements: [Element], _ transform: (Element) -> Result
  ) -> [Result] {
    [Result](unsafeUninitializedCapacity: elements.count) { results, count in
      guard let base = results.baseAddress else { return }
      run(elements.count) { (base + $0).initialize(to: transform(elements[$0])) }
      count = elements.count
    }
  }

  /// What the threads look at: the tasks of the present run, and how many are taken and done.
  ///
  /// A thread that waits first looks for a while without sleeping, as the operators of a small
  /// batch follow each other within microseconds.
  ///
  /// `@unchecked Sendable`: every field that is not atomic is read and written under `lock`.
  private final class Board: @unchecked Sendable {
    private let lock = NSCondition()
    private var task: ((Int) -> Void)?
    private var (count, taken) = (0, 0)
    private var caller: pthread_t?  // whose tasks they are
    private var waiting = 0  // callers
    private var workers: [pthread_t] = []
    private var isClosed = false
    private let runs = Atomic(0)
    private let left = Atomic(0)

    /// Runs tasks after those of callers that were here before; false, and nothing is done, when it
    /// is called from a task of this pool, which would wait for itself.
    func run(_ count: Int, _ task: @escaping (Int) -> Void) -> Bool {
      lock.lock()
      guard !isWorking(pthread_self()) else {
        lock.unlock()
        return false
      }
      waiting += 1
      while self.task != nil { lock.wait() }
      waiting -= 1
      (self.task, self.count, taken) = (task, count, 0)
      caller = pthread_self()
      left.store(count, ordering: .relaxed)
      runs.add(1, ordering: .releasing)
      lock.broadcast()
      takeTasks()
      lock.unlock()
      spin { left.load(ordering: .acquiring) > 0 }
      lock.lock()
      while left.load(ordering: .acquiring) > 0 { lock.wait() }
      (self.task, caller) = (nil, nil)
      if waiting > 0 { lock.broadcast() }
      lock.unlock()
      return true
    }

    /// Whether a thread is one of the pool's or the one whose tasks it runs.
    private func isWorking(_ thread: pthread_t) -> Bool {
      if let caller, pthread_equal(caller, thread) != 0 { return true }
      return workers.contains { pthread_equal($0, thread) != 0 }
    }

    func work() {
      lock.withLock { workers.append(pthread_self()) }
      var seen = 0
      while true {
        spin { runs.load(ordering: .acquiring) == seen }
        lock.lock()
        while !isClosed && runs.load(ordering: .acquiring) == seen { lock.wait() }
        seen = runs.load(ordering: .acquiring)
        takeTasks()
        let isLast = isClosed
        lock.unlock()
        if isLast { return }
      }
    }

    /// Runs tasks until none is left; entered and left with the lock held.
    private func takeTasks() {
      while let task, taken < count {
        let index = taken
        taken += 1
        lock.unlock()
        task(index)
        lock.lock()
        if left.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { lock.broadcast() }
      }
    }

    /// Looks at a condition for some 30 microseconds, or as long as it holds.
    private func spin(while condition: () -> Bool) {
      for _ in 0..<1000 {
        guard condition() else { return }
        ck_pause()
      }
    }

    func close() {
      lock.lock()
      isClosed = true
      runs.add(1, ordering: .releasing)
      lock.broadcast()
      lock.unlock()
    }
  }
}
