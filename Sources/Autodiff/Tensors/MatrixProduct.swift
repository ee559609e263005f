import CKernels

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
    pool.operationsPerSecond(seconds: seconds) {
      let a = Tensor(repeating: 0.5, [m, k])
      let b = Tensor(repeating: 0.25, [k, n])
      var c = Tensor(repeating: 0, [m, n])
      return { rounds in
        let out = c.mutablePointer()
        let a = Matrix(a.pointer, isFirstTransposed ? m : k, transposed: isFirstTransposed)
        let b = Matrix(b.pointer, isSecondTransposed ? k : n, transposed: isSecondTransposed)
        for _ in 0..<rounds {
          if let precision {
            Matrix.multiply(m, n, k, a, b, into: out, n, precision)
          } else {
            BLAS.multiply(m, n, k, a, b, into: out, n)
          }
        }
        return operations * Double(rounds)
      }
    }
  }
}

extension ProductKernels {
  /// The operations a second of all threads of `pool` together where operands are in registers.
  package func peakOperationsPerSecond(on pool: WorkerPool, seconds: Double) -> Double {
    pool.operationsPerSecond(seconds: seconds) { { ck_products_spin(pointer, $0) } }
  }
}

extension WorkerPool {
  /// The sum of what all threads do in a second: each makes work for itself, which does so many
  /// rounds and returns how many operations that were, and is measured for about `seconds`.
  fileprivate func operationsPerSecond(
    seconds: Double, _ makeWork: @Sendable () -> (_ rounds: Int) -> Double
  ) -> Double {
    let rates = map(Array(0..<threads)) { _ in
      let work = makeWork()
      _ = work(1)
      var (count, best) = (1, 0.0)
      // The best of several rounds: a neighbour on the machine is not the library's fault.
      for _ in 0..<4 {
        var (operations, elapsed) = (0.0, 0.0)
        repeat {
          let start = ContinuousClock.now
          operations = work(count)
          elapsed = (ContinuousClock.now - start) / .seconds(1)
          if elapsed < seconds / 8 { count *= 2 }
        } while elapsed < seconds / 8
        best = max(best, operations / elapsed)
      }
      return best
    }
    return rates.reduce(0, +)
  }
}
