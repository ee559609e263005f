#if CONVIT_THREAD_SANITIZER
  import Foundation

  /// A value behind a lock of pthreads, which TSan knows. The `Mutex` of Synchronization waits in
  /// Swift's library, where TSan does not see it: it reports a race on a value that threads waited
  /// for.
  package struct Mutex<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let value = UnsafeMutablePointer<Value>.allocate(capacity: 1)

    package init(_ initial: consuming sending Value) {
      pthread_mutex_init(lock, nil)
      value.initialize(to: initial)
    }

    deinit {
      pthread_mutex_destroy(lock)
      value.deinitialize(count: 1)
      lock.deallocate()
      value.deallocate()
    }

    package borrowing func withLock<Result: ~Copyable, Failure: Error>(
      _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
      pthread_mutex_lock(lock)
      defer { pthread_mutex_unlock(lock) }
      return try body(&value.pointee)
    }
  }
#else
  package import Synchronization

  /// A value behind a lock.
  package typealias Mutex<Value: ~Copyable> = Synchronization.Mutex<Value>
#endif
