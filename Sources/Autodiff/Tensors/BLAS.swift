import CBLAS

/// The matrix products, as BLAS states them.
enum BLAS {
  /// One thread for each call: the shards of a step are what runs side by side.
  static func useOneThread() { BLASLibrary.current.setThreads(1) }

  /// `c = alpha · a · b + beta · c` for row-major [m, k] · [k, n] → [m, n]; `stride` is the number
  /// of elements between the starts of two rows of `c`.
  static func multiply(
    _ m: Int, _ n: Int, _ k: Int, alpha: Float = 1, _ a: Operand, _ b: Operand, beta: Float = 0,
    into c: UnsafeMutablePointer<Float>, _ stride: Int, work: WorkMeter.Work = .linear
  ) {
    WorkMeter.measure(work) {
      cblas_sgemm(
        Int32(CblasRowMajor), Int32(a.isTransposed ? CblasTrans : CblasNoTrans),
        Int32(b.isTransposed ? CblasTrans : CblasNoTrans), Int32(m), Int32(n), Int32(k), alpha,
        a.pointer, Int32(a.stride), b.pointer, Int32(b.stride), beta, c, Int32(stride))
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
