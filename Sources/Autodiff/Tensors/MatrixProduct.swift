/// A matrix product by its sizes, [m, k] · [k, n].
package struct MatrixProduct: Hashable, Sendable {
  package let (m, n, k): (Int, Int, Int)
  private let (isFirstTransposed, isSecondTransposed): (Bool, Bool)

  /// The product [m, k] · [k, n], its `first` or `second` matrix stored transposed.
  package init(_ m: Int, _ n: Int, _ k: Int, first: Bool = false, second: Bool = false) {
    (self.m, self.n, self.k) = (m, n, k)
    (isFirstTransposed, isSecondTransposed) = (first, second)
  }

  init(_ m: Int, _ n: Int, _ k: Int, _ a: Matrix, _ b: Matrix) {
    self.init(m, n, k, first: a.is_transposed, second: b.is_transposed)
  }

  package var multiplyAdds: Int { m * n * k }

  package var operations: Double { 2 * Double(multiplyAdds) }

  /// The operations a second of all threads of `pool` together, each making this product again
  /// and again on data of its own for about `seconds`.
  ///
  /// - Parameter precision: as tapes with this precision make it; nil: as the BLAS library does.
  package func operationsPerSecond(
    on pool: WorkerPool, seconds: Double, in precision: Precision?
  ) -> Double {
    let rates = pool.map(Array(0..<pool.threads)) { _ in
      let a = Tensor(repeating: 0.5, [m, k])
      let b = Tensor(repeating: 0.25, [k, n])
      var c = Tensor(repeating: 0, [m, n])
      let out = c.mutablePointer()
      func multiply() {
        let a = Matrix(a.pointer, isFirstTransposed ? m : k, transposed: isFirstTransposed)
        let b = Matrix(b.pointer, isSecondTransposed ? k : n, transposed: isSecondTransposed)
        if let precision {
          Matrix.multiply(m, n, k, a, b, into: out, n, precision)
        } else {
          BLAS.multiply(m, n, k, a, b, into: out, n)
        }
      }
      multiply()
      var (count, best) = (1, 0.0)
      // The best of several rounds: a neighbour on the machine is not the library's fault.
      for _ in 0..<4 {
        var elapsed = 0.0
        repeat {
          let start = ContinuousClock.now
          for _ in 0..<count { multiply() }
          elapsed = (ContinuousClock.now - start) / .seconds(1)
          if elapsed < seconds / 8 { count *= 2 }
        } while elapsed < seconds / 8
        best = max(best, operations * Double(count) / elapsed)
      }
      return best
    }
    return rates.reduce(0, +)
  }
}
