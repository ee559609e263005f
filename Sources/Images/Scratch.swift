import Autodiff

/// Calls `body` with room for `count` bytes, which must be positive.
///
/// The memory is that of a tensor, whose pool keeps it: a steady stream of images asks the system
/// for none. Room that only a huge image needs is not kept.
func withScratch<Result>(
  _ count: Int, _ body: (UnsafeMutableBufferPointer<UInt8>) throws -> Result
) rethrows -> Result {
  guard count <= 32 << 20 else {
    return try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count, body)
  }
  var memory = Tensor(unsafeUninitialized: [(count + 3) / 4])
  return try memory.withUnsafeMutableBufferPointer { floats in
    try UnsafeMutableRawBufferPointer(floats).withMemoryRebound(to: UInt8.self) {
      try body(UnsafeMutableBufferPointer(rebasing: $0[..<count]))
    }
  }
}
