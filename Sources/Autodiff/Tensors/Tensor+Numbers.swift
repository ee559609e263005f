import CKernels

extension Tensor {
  /// Whether no element is infinite or NaN.
  public var isFinite: Bool { ck_all_finite(pointer, count) != 0 }
}
