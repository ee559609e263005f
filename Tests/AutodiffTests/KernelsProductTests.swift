import CKernels
import Testing

@testable import Autodiff

/// `ck_product` of every level against sums in double precision of the same operands.
@Suite(.enabled(if: !ProductKernels.all.isEmpty)) struct KernelsProductTests {
  /// Around tiles (32 × 32, 8 × 48, 6 × 16), their vectors (16, 8), and steps of two and 32;
  /// several blocks of each size.
  static let sizes = [
    (1, 1, 1), (8, 48, 16), (7, 47, 3), (9, 49, 33), (3, 16, 2), (17, 33, 31), (5, 1, 50),
    (131, 5, 5), (20, 100, 450), (2, 17, 1800), (3, 900, 400), (196, 48, 7), (125, 15, 260),
    (33, 31, 65),
  ]

  /// A matrix in memory that has more columns than are asked for.
  struct Stored {
    let (rows, columns): (Int, Int)
    let isTransposed: Bool
    var elements: [Float]
    var stride: Int { (isTransposed ? rows : columns) + 3 }

    init(_ rows: Int, _ columns: Int, transposed: Bool, _ name: String) {
      (self.rows, self.columns, isTransposed) = (rows, columns, transposed)
      elements = []
      elements = uniform(stride * max(1, transposed ? columns : rows), name)
    }

    subscript(row: Int, column: Int) -> Float {
      get { elements[isTransposed ? column * stride + row : row * stride + column] }
      set { elements[isTransposed ? column * stride + row : row * stride + column] = newValue }
    }

    func withMatrix<Result>(_ body: (Matrix) -> Result) -> Result {
      elements.withUnsafeBufferPointer {
        body(Matrix($0.baseAddress!, stride, transposed: isTransposed))
      }
    }
  }

  /// The product by the kernels, in rows `n` + 2 apart that begin as `start`.
  private func product(
    _ a: Stored, _ b: Stored, alpha: Float = 1, beta: Float = 0, bias: [Float]? = nil,
    packed: Bool = false, _ kernels: ProductKernels, from start: [Float]
  ) -> [Float] {
    let (m, n, k) = (a.rows, b.columns, a.columns)
    return buffer(from: start) { out in
      a.withMatrix { a in
        b.withMatrix { b in
          var layout: Tensor?
          if packed {
            layout = Tensor(
              unsafeUninitialized: [ck_product_packed_count(kernels.pointer, n, k)]
            ) { ck_product_pack(kernels.pointer, $0, b, n, k) }
          }
          _ = fresh(ck_product_scratch(kernels.pointer, m, n, k)) { scratch in
            ck_product(
              kernels.pointer, out, n + 2, a, b, layout?.pointer, m, n, k, alpha, beta, bias,
              scratch)
          }
        }
      }
    }
  }

  private func rounded(_ x: Float, _ precision: Precision) -> Double {
    guard precision == .bfloat16 else { return Double(x) }
    var result: Float = 0
    withUnsafePointer(to: x) { ck_round_bfloat16(&result, $0, 1) }
    return Double(result)
  }

  @Test(arguments: ProductKernels.all, sizes)
  func equalsTheSumsInDoublePrecision(_ kernels: ProductKernels, _ size: (m: Int, n: Int, k: Int)) {
    let (m, n, k) = size
    for (ta, tb) in [(false, false), (false, true), (true, false), (true, true)] {
      let a = Stored(m, k, transposed: ta, "a \(ta)")
      let b = Stored(k, n, transposed: tb, "b \(tb)")
      let (alpha, beta, bias) = (Float(0.5), Float(-2), uniform(n, "bias"))
      let start = uniform(m * (n + 2), "start")
      let out = product(a, b, alpha: alpha, beta: beta, bias: bias, kernels, from: start)
      var (expected, size) = (start.doubles, 0.0)
      let left = (0..<m * k).map { rounded(a[$0 / k, $0 % k], kernels.precision) }
      let right = (0..<k * n).map { rounded(b[$0 / n, $0 % n], kernels.precision) }
      for i in 0..<m {
        for j in 0..<n {
          var (sum, sizes) = (0.0, 0.0)
          for p in 0..<k {
            sum += left[i * k + p] * right[p * n + j]
            sizes += abs(left[i * k + p] * right[p * n + j])
          }
          let place = i * (n + 2) + j
          expected[place] = 0.5 * sum - 2 * expected[place] + Double(bias[j])
          size = max(size, sizes)
        }
      }
      expectClose(
        out, expected, absolute: 1e-6 + 1e-6 * size.squareRoot() * 4,
        "\(kernels.name) \(m) × \(n) × \(k) \(ta) \(tb)")
      expectSameBits(
        out,
        product(
          a, b, alpha: alpha, beta: beta, bias: bias, packed: true, kernels, from: start),
        "packed")
    }
  }

  /// Sizes at which the last of several blocks, or a block of odd size, could take more room than
  /// the first; as the BLAS library has it.
  @Test(arguments: ProductKernels.all, [(48, 768, 375), (128, 768, 833), (100, 768, 937)])
  func staysInItsMemory(_ kernels: ProductKernels, _ size: (m: Int, n: Int, k: Int)) {
    let (m, n, k) = size
    for transposed in [false, true] {
      let a = Stored(m, k, transposed: transposed, "a")
      let b = Stored(k, n, transposed: !transposed, "b")
      let start = [Float](repeating: 0, count: m * (n + 2))
      let expected = buffer(from: start) { out in
        a.withMatrix { a in
          b.withMatrix { b in BLAS.multiply(m, n, k, a, b, into: out, n + 2, kernels.precision) }
        }
      }
      for packed in [false, true] {
        let out = product(a, b, packed: packed, kernels, from: start)
        let largest = zip(out, expected).map { abs($0 - $1) }.max()!
        #expect(largest < 2e-3, "\(kernels.name) \(size) \(transposed) \(packed)")
      }
    }
  }

  /// Without beta nothing is read, and numbers that are not finite stay in their rows and columns.
  @Test(arguments: ProductKernels.all)
  func numbersThatAreNotFiniteStayWhereTheyAre(_ kernels: ProductKernels) {
    let (m, n, k) = (11, 50, 21)
    var a = Stored(m, k, transposed: false, "a")
    var b = Stored(k, n, transposed: true, "b")
    let start = [Float](repeating: .nan, count: m * (n + 2))
    let clean = product(a, b, kernels, from: start)
    #expect((0..<m).allSatisfy { row in (0..<n).allSatisfy { clean[row * (n + 2) + $0].isFinite } })
    (a[10, 20], b[3, 49]) = (.infinity, .nan)
    let out = product(a, b, kernels, from: start)
    for row in 0..<m {
      for column in 0..<n {
        let (found, before) = (out[row * (n + 2) + column], clean[row * (n + 2) + column])
        if column == 49 {
          #expect(found.isNaN)
        } else if row == 10 {
          #expect(found.isInfinite || b[20, column] == 0)
        } else {
          #expect(found == before)
        }
      }
    }
  }

  /// A row's bits do not depend on the others, so neither on how rows are cut into calls.
  @Test(arguments: ProductKernels.all) func rowsDoNotDependOnEachOther(_ kernels: ProductKernels) {
    let (m, n, k) = (37, 60, 500)
    let (a, b) = (
      Stored(m, k, transposed: false, "a"), Stored(k, n, transposed: true, "b")
    )
    let all = product(a, b, kernels, from: [Float](repeating: 0, count: m * (n + 2)))
    for row in [0, 7, 8, 30, 36] {
      var one = Stored(1, k, transposed: false, "one")
      for column in 0..<k { one[0, column] = a[row, column] }
      expectSameBits(
        product(one, b, kernels, from: [Float](repeating: 0, count: n + 2)),
        Array(all[row * (n + 2)..<(row + 1) * (n + 2)]), "row \(row)")
    }
  }

  @Test(arguments: ProductKernels.all) func anEmptySumIsZero(_ kernels: ProductKernels) {
    let (a, b) = (Stored(3, 0, transposed: true, "a"), Stored(0, 5, transposed: true, "b"))
    let out = product(
      a, b, beta: 1, bias: [2, 2, 2, 2, 2], kernels, from: [Float](repeating: 1, count: 21))
    for row in 0..<3 { #expect(out[row * 7..<row * 7 + 5] == [3, 3, 3, 3, 3]) }
  }
}
