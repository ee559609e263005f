import CBLAS
import CKernels

/// The matrix products as the BLAS library makes them, one thread for each call: the shards of a
/// step are what runs side by side.
enum BLAS {
  /// Whether the library was told that each call has one thread: when it is first used, or a pool
  /// is made.
  private static let usesOneThread: Void = BLASLibrary.current.setThreads(1)

  static func useOneThread() { usesOneThread }

  /// The product that `Matrix.multiply` states.
  static func multiply(
    _ m: Int, _ n: Int, _ k: Int, alpha: Float = 1, _ a: Matrix, _ b: Matrix, beta: Float = 0,
    bias: UnsafePointer<Float>? = nil, into out: UnsafeMutablePointer<Float>, _ stride: Int,
    _ precision: Precision = .float32
  ) {
    useOneThread()
    if precision == .bfloat16 {
      let (first, second) = (RoundedMatrix(a, m, k), RoundedMatrix(b, k, n))
      return multiply(
        m, n, k, alpha: alpha, first.matrix, second.matrix, beta: beta, bias: bias, into: out,
        stride)
    }
    cblas_sgemm(
      Int32(CblasRowMajor), Int32(a.is_transposed ? CblasTrans : CblasNoTrans),
      Int32(b.is_transposed ? CblasTrans : CblasNoTrans), Int32(m), Int32(n), Int32(k), alpha,
      a.elements, Int32(a.stride), b.elements, Int32(b.stride), beta, out, Int32(stride))
    guard let bias else { return }
    if stride == n { return ck_add_row(out, bias, m, n) }
    for row in 0..<m { ck_add_row(out + row * stride, bias, 1, n) }
  }
}

private struct RoundedMatrix {
  let copy: Tensor
  let isTransposed: Bool

  init(_ matrix: Matrix, _ rows: Int, _ columns: Int) {
    let shape: Shape = matrix.is_transposed ? [columns, rows] : [rows, columns]
    isTransposed = matrix.is_transposed
    copy = Tensor(unsafeUninitialized: shape) { copy in
      for row in 0..<shape[0] {
        ck_round_bfloat16(
          copy + row * shape[1], matrix.elements + row * matrix.stride, shape[1])
      }
    }
  }

  var matrix: Matrix { Matrix(copy.pointer, copy.shape[1], transposed: isTransposed) }
}
