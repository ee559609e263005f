import CKernels

/// The memory of a tensor: floats on a cache-line boundary, from a pool that keeps what is freed.
///
/// Swift counts its references as it does a class's, but the count is in the pool's memory as well:
/// a tensor that comes and goes is no allocation.
typealias Storage = ck_storage

/// `@unchecked` (the only one of the tensors): the floats are written only by whoever holds the
/// sole reference (`Tensor` copies on write), and read-only otherwise; the count is atomic.
extension ck_storage: @retroactive @unchecked Sendable {}

extension Storage {
  static func make(count: Int) -> Storage {
    let sizeClass = BufferPool.sizeClass(of: count)
    let capacity = DryRun.isOn ? count : BufferPool.capacity(of: sizeClass)
    guard let storage = ck_storage_make(Int32(sizeClass), capacity) else {
      MemoryShortage.fail(bytes: 4 * capacity)
    }
    return storage
  }

  var pointer: UnsafeMutablePointer<Float> { ck_storage_elements(self) }
}

/// Freed buffers by size class, so that a steady training step asks the system for nothing.
///
/// A class is a power of two or one of three steps between two of them: less than a quarter of a
/// buffer is unused (of one below four cache lines, as much as fills the last).
package enum BufferPool {
  /// Four classes for each doubling, from 16 floats (a cache line) upwards.
  static func sizeClass(of count: Int) -> Int {
    let lines = max(1, (count + 15) / 16)
    let exponent = Int.bitWidth - 1 - lines.leadingZeroBitCount
    guard exponent >= 2 else { return lines - 1 }  // 1, 2, 3 lines
    let quarter = 1 << (exponent - 2)
    let steps = (lines - (1 << exponent) + quarter - 1) / quarter
    return 3 + 4 * (exponent - 2) + steps
  }

  static func capacity(of sizeClass: Int) -> Int {
    guard sizeClass >= 3 else { return 16 * (sizeClass + 1) }
    let (exponent, steps) = ((sizeClass - 3) / 4 + 2, (sizeClass - 3) % 4)
    return 16 * ((1 << exponent) + steps << (exponent - 2))
  }

  /// Buffers that came from the system so far, as there was none of their size to use again.
  package static var made: Int { ck_storage_made() }
}
