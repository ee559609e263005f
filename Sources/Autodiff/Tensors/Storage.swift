import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The memory of a tensor: floats on a cache-line boundary, from a pool that keeps what is freed.
///
/// `@unchecked Sendable` (the only one of the tensors): the floats are written only by whoever
/// holds the sole reference (`Tensor` copies on write), and read-only otherwise.
final class Storage: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Float>
  private let sizeClass: Int

  /// Uninitialised room for `count` floats.
  init(count: Int) {
    sizeClass = BufferPool.sizeClass(of: count)
    pointer = BufferPool.take(sizeClass)
  }

  deinit { BufferPool.give(pointer, sizeClass) }
}

/// Freed buffers by size class, so that a steady training step asks the system for nothing.
///
/// A class is a power of two or one of three steps between two of them: less than a quarter of a
/// buffer is unused (of one below four cache lines, as much as fills the last). Buffers are kept
/// until `trim`.
public enum BufferPool {
  private struct Buffer: @unchecked Sendable { let pointer: UnsafeMutablePointer<Float> }
  private static let unused = Mutex([[Buffer]](repeating: [], count: 256))

  /// Four classes for each doubling, from 16 floats (a cache line) upwards.
  static func sizeClass(of count: Int) -> Int {
    let lines = max(1, (count + 15) / 16)
    let exponent = Int.bitWidth - 1 - lines.leadingZeroBitCount
    guard exponent >= 2 else { return lines - 1 }  // 1, 2, 3 lines
    let quarter = 1 << (exponent - 2)
    let steps = (lines - (1 << exponent) + quarter - 1) / quarter
    return 3 + 4 * (exponent - 2) + steps
  }

  /// Floats in a buffer of a class.
  static func capacity(of sizeClass: Int) -> Int {
    guard sizeClass >= 3 else { return 16 * (sizeClass + 1) }
    let (exponent, steps) = ((sizeClass - 3) / 4 + 2, (sizeClass - 3) % 4)
    return 16 * ((1 << exponent) + steps << (exponent - 2))
  }

  fileprivate static func take(_ sizeClass: Int) -> UnsafeMutablePointer<Float> {
    if let buffer = unused.withLock({ $0[sizeClass].popLast() }) { return buffer.pointer }
    let bytes = 4 * capacity(of: sizeClass)
    var memory: UnsafeMutableRawPointer?
    let status = posix_memalign(&memory, 64, bytes)
    guard status == 0, let memory else {
      preconditionFailure("Tensor: no memory for \(bytes) bytes")
    }
    return memory.bindMemory(to: Float.self, capacity: bytes / 4)
  }

  fileprivate static func give(_ pointer: UnsafeMutablePointer<Float>, _ sizeClass: Int) {
    let buffer = Buffer(pointer: pointer)
    unused.withLock { $0[sizeClass].append(buffer) }
  }

  /// Returns the memory of every unused buffer to the system.
  public static func trim() {
    unused.withLock { classes in
      for buffer in classes.joined() { free(buffer.pointer) }
      for index in classes.indices { classes[index].removeAll() }
    }
  }
}
