import CKernels
import Foundation

/// What makes the matrix products in this process: the kernels of this package, on processors that
/// they were written for (those with AVX-512), or the BLAS library.
///
/// The environment's `CONVIT_PRODUCTS=blas` leaves them all to the library.
package enum ProductKernels {
  private static let asked = getenv("CONVIT_PRODUCTS").map { String(cString: $0) }
  private static let isLibraryAskedFor = asked == "blas"
  private static let served = Precision.allCases.filter {
    !isLibraryAskedFor && ck_product_is_available($0.kernels)
  }
  private static let servesFloat32 = served.contains(.float32)
  private static let servesBFloat16 = served.contains(.bfloat16)

  /// Whether the kernels of this package make the products of a precision.
  package static func serve(_ precision: Precision) -> Bool {
    precision == .float32 ? servesFloat32 : servesBFloat16
  }

  /// For instance "own AVX-512 BF16 kernels", or the library's description.
  package static func description(of precision: Precision) -> String {
    guard serve(precision) else {
      return BLASLibrary.current.description + (precision == .float32 ? "" : ", in floats")
    }
    return precision == .float32 ? "own AVX-512 kernels" : "own AVX-512 BF16 kernels"
  }

  /// What makes the products of a precision slower than they could be on this processor, with the
  /// remedy; nil if nothing is known to.
  package static func warning(for precision: Precision) -> String? {
    if let asked, !isLibraryAskedFor, !asked.isEmpty {
      return "CONVIT_PRODUCTS is '\(asked)', which is nothing; it can be blas"
    }
    if serve(precision) { return nil }
    guard precision == .bfloat16 else { return BLASLibrary.current.warning }
    let cause =
      isLibraryAskedFor
      ? "the BLAS library has no bf16"
      : ck_product_can_run(CK_BFLOAT16)
        ? "this is a debug build" : "this processor has no instructions for bf16"
    return cause
      + ": operands are rounded to it and multiplied as floats, which is slower than fp32"
  }
}
