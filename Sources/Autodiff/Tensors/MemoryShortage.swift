/// What happens when the system has no memory for a tensor, which no operator can do without.
package enum MemoryShortage {
  private static let handler = Mutex<(@Sendable (_ bytes: Int) -> Void)?>(nil)

  /// Has `handle` called with the bytes that were asked for, on any thread. It is to end the
  /// process: if it returns, or was never set, the process ends by a trap.
  package static func setHandler(_ handle: @escaping @Sendable (_ bytes: Int) -> Void) {
    handler.withLock { $0 = handle }
  }

  static func fail(bytes: Int) -> Never {
    let handle = handler.withLock { $0 }
    handle?(bytes)
    fatalError("Tensor: no memory for \(bytes) bytes")
  }
}
