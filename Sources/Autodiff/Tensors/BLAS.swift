import COpenBLAS

/// The matrix products, as BLAS states them.
enum BLAS {
  /// One thread for each call: the shards of a step are what runs side by side.
  static func useOneThread() { openblas_set_num_threads(1) }

  /// `c = alpha · a · b + beta · c` for row-major [m, k] · [k, n] → [m, n]; `stride` is the number
  /// of elements between the starts of two rows of `c`.
  static func multiply(
    _ m: Int, _ n: Int, _ k: Int, alpha: Float = 1, _ a: Operand, _ b: Operand, beta: Float = 0,
    into c: UnsafeMutablePointer<Float>, _ stride: Int, work: WorkMeter.Work = .linear
  ) {
    WorkMeter.measure(work) {
      cblas_sgemm(
        CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans,
        b.isTransposed ? CblasTrans : CblasNoTrans, blasint(m), blasint(n), blasint(k), alpha,
        a.pointer, blasint(a.stride), b.pointer, blasint(b.stride), beta, c, blasint(stride))
    }
  }

  /// A matrix in memory, or its transpose.
  struct Operand {
    let pointer: UnsafePointer<Float>
    /// Elements between the starts of two rows as stored.
    let stride: Int
    var isTransposed = false

    init(_ pointer: UnsafePointer<Float>, _ stride: Int, transposed: Bool = false) {
      self.pointer = pointer
      self.stride = stride
      isTransposed = transposed
    }

    /// The transpose of the matrix as stored.
    var transposed: Operand { Operand(pointer, stride, transposed: !isTransposed) }
  }
}

/// The BLAS library in use, for logs and reports.
public enum BLASLibrary {
  /// For instance "OpenBLAS 0.3.21 … Cooperlake".
  public static var description: String {
    String(cString: openblas_get_config()) + " (kernels: "
      + String(cString: openblas_get_corename())
      + ")"
  }
}
