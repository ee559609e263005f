/// A matrix product by its sizes, [m, k] · [k, n].
public struct MatrixProduct: Hashable, Sendable {
  /// The rows of the first matrix, the columns of the second, and what is summed over.
  public let (m, n, k): (Int, Int, Int)
  /// Which of the matrices are stored transposed.
  public let transposed: (first: Bool, second: Bool)

  /// The product [m, k] · [k, n], its `first` or `second` matrix stored transposed.
  public init(_ m: Int, _ n: Int, _ k: Int, first: Bool = false, second: Bool = false) {
    (self.m, self.n, self.k) = (m, n, k)
    transposed = (first, second)
  }

  init(_ m: Int, _ n: Int, _ k: Int, _ a: Matrix, _ b: Matrix) {
    self.init(m, n, k, first: a.is_transposed, second: b.is_transposed)
  }

  /// The products of elements that are summed up.
  public var multiplyAdds: Int { m * n * k }

  /// Multiplications and additions, two for each product of elements.
  package var operations: Double { 2 * Double(multiplyAdds) }

  /// Whether sizes and transpositions are equal.
  public static func == (a: MatrixProduct, b: MatrixProduct) -> Bool {
    (a.m, a.n, a.k) == (b.m, b.n, b.k) && a.transposed == b.transposed
  }

  /// Hashes the sizes; products that differ in transpositions alone collide.
  public func hash(into hasher: inout Hasher) {
    for size in [m, n, k] { hasher.combine(size) }
  }

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
        let a = Matrix(a.pointer, transposed.first ? m : k, transposed: transposed.first)
        let b = Matrix(b.pointer, transposed.second ? k : n, transposed: transposed.second)
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
