// The two inner loops of everything in this module, over parts of arrays. They check their bounds
// once and then use pointers, which keeps debug builds usable.

/// Σ x[xStart + i] · y[yStart + i] for i < count.
func dot(_ x: [Double], from xStart: Int, _ y: [Double], from yStart: Int, count: Int) -> Double {
  checkRange(xStart, count, of: x)
  checkRange(yStart, count, of: y)
  return x.withUnsafeBufferPointer { x in
    y.withUnsafeBufferPointer { y in
      guard let x = x.baseAddress, let y = y.baseAddress else { return 0 }
      var (sum, i) = (0.0, 0)
      while i < count {
        sum += x[xStart + i] * y[yStart + i]
        i += 1
      }
      return sum
    }
  }
}

/// y[yStart + i] += scale · x[xStart + i] for i < count.
func add(
  _ scale: Double, times x: [Double], from xStart: Int, to y: inout [Double], from yStart: Int,
  count: Int
) {
  checkRange(xStart, count, of: x)
  checkRange(yStart, count, of: y)
  x.withUnsafeBufferPointer { x in
    y.withUnsafeMutableBufferPointer { y in
      guard let x = x.baseAddress, let y = y.baseAddress else { return }
      var i = 0
      while i < count {
        y[yStart + i] += scale * x[xStart + i]
        i += 1
      }
    }
  }
}

private func checkRange(_ start: Int, _ count: Int, of array: [Double]) {
  checkPrecondition(
    start >= 0 && count >= 0 && start + count <= array.count,
    "Numerics: \(count) numbers from \(start) on of \(array.count)")
}
