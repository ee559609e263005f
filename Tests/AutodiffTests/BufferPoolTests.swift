import Testing

@testable import Autodiff

@Suite struct BufferPoolTests {
  /// Every size fits its class and no smaller one, and little of a buffer is unused.
  @Test func classesFit() {
    var previous = 0
    for count in 1...100_000 {
      let sizeClass = BufferPool.sizeClass(of: count)
      let capacity = BufferPool.capacity(of: sizeClass)
      var faults: [String] = []
      if capacity < count { faults.append("too small") }
      if sizeClass < previous || sizeClass > previous + 1 { faults.append("not the next class") }
      if sizeClass > 0, BufferPool.capacity(of: sizeClass - 1) >= count {
        faults.append("a smaller one would do")
      }
      // A cache line is 16 floats; above, a fifth is unused, and what fills the last line.
      if 4 * capacity > 5 * ((count + 15) / 16 * 16) { faults.append("wasteful") }
      if count > 48 && 4 * (capacity - count) >= capacity { faults.append("a quarter unused") }
      #expect(faults.isEmpty, "\(count) floats in \(capacity)")
      previous = sizeClass
    }
  }

  @Test func capacitiesIncrease() {
    let capacities = (0..<220).map(BufferPool.capacity)
    #expect(Array(capacities.prefix(9)) == [16, 32, 48, 64, 80, 96, 112, 128, 160])
    #expect(zip(capacities, capacities.dropFirst()).allSatisfy { $0 < $1 })
    for (sizeClass, capacity) in capacities.enumerated() {
      #expect(BufferPool.sizeClass(of: capacity) == sizeClass)
      #expect(BufferPool.sizeClass(of: capacity + 1) == sizeClass + 1)
    }
  }

  /// There are 256 classes: enough for any tensor that memory could hold.
  @Test func thereAreClassesForAllSizes() {
    #expect(BufferPool.sizeClass(of: 0) == 0)
    for exponent in 0...61 {
      for count in [1 << exponent, (1 << exponent) - 1, (1 << exponent) + 1] {
        #expect((0..<256).contains(BufferPool.sizeClass(of: count)), "\(count) floats")
      }
    }
    #expect(BufferPool.sizeClass(of: 1 << 40) == 139)
  }

  /// Buffers start on a cache line, and what is freed serves again.
  @Test func buffersServeAgain() {
    let count = 16 * 1_234_567  // nobody else's class
    var address = 0
    do {
      let storage = Storage.make(count: count)
      address = Int(bitPattern: storage.pointer)
      #expect(address % 64 == 0)
    }
    let storage = Storage.make(count: count - 1)
    #expect(Int(bitPattern: storage.pointer) == address)
    #expect(Int(bitPattern: Storage.make(count: 1).pointer) % 64 == 0)
    #expect(Int(bitPattern: Storage.make(count: 0).pointer) % 64 == 0)
  }
}
