import CKernels

/// A row-major matrix in memory, or its transpose: an operand of a product.
typealias Matrix = ck_matrix

extension Matrix {
  /// A matrix whose rows are `stride` elements apart; if `transposed`, it is the transpose of that.
  init(_ pointer: UnsafePointer<Float>, _ stride: Int, transposed: Bool = false) {
    self.init(elements: pointer, stride: stride, is_transposed: transposed)
  }

  var transposed: Matrix { Matrix(elements, stride, transposed: !is_transposed) }

  /// `out = alpha · a · b + beta · out + bias` for [m, k] · [k, n] → [m, n], by whatever is the
  /// fastest here; `stride` is the number of elements between the starts of two rows of `out`.
  ///
  /// With beta = 0, `out` is not read. The bias [n] is added to every row. `packed` is what
  /// `PackedWeights` or `PackedMatrix` made of `b`.
  static func multiply(
    _ m: Int, _ n: Int, _ k: Int, alpha: Float = 1, _ a: Matrix, _ b: Matrix, beta: Float = 0,
    bias: UnsafePointer<Float>? = nil, packed: UnsafePointer<Float>? = nil,
    into out: UnsafeMutablePointer<Float>, _ stride: Int,
    _ precision: Precision, work: WorkMeter.Work = .linear
  ) {
    if let run = DryRun.current { return run.note(MatrixProduct(m, n, k, a, b)) }
    WorkMeter.measure(work) {
      guard let kernels = ProductKernels.serving(precision)?.pointer else {
        return BLAS.multiply(
          m, n, k, alpha: alpha, a, b, beta: beta, bias: bias, into: out, stride, precision)
      }
      var scratch = Tensor(unsafeUninitialized: Shape(ck_product_scratch(kernels, m, n, k)))
      ck_product(
        kernels, out, stride, a, b, packed, m, n, k, alpha, beta, bias,
        scratch.mutablePointer())
    }
  }
}

/// The second operand [k, n] of several products, laid out for them once if that helps.
struct PackedMatrix {
  private let matrix: Matrix
  private let (k, n): (Int, Int)
  private let precision: Precision
  private let layout: Tensor?

  /// - Parameter layout: what `PackedWeights` has of it already.
  init(_ matrix: Matrix, _ k: Int, _ n: Int, _ precision: Precision, layout: Tensor? = nil) {
    (self.matrix, self.k, self.n, self.precision) = (matrix, k, n, precision)
    self.layout =
      layout
      ?? ProductKernels.serving(precision).map { kernels in
        Tensor(unsafeUninitialized: [ck_product_packed_count(kernels.pointer, n, k)]) {
          ck_product_pack(kernels.pointer, $0, matrix, n, k)
        }
      }
  }

  /// `out = a · this + beta · out` for `a` [m, k].
  func multiply(
    _ m: Int, _ a: Matrix, beta: Float = 0, into out: UnsafeMutablePointer<Float>, _ stride: Int,
    work: WorkMeter.Work
  ) {
    Matrix.multiply(
      m, n, k, a, matrix, beta: beta, packed: layout?.pointer, into: out, stride, precision,
      work: work)
  }
}
