import CKernels
import Foundation

/// What makes the matrix products of a precision in this process: kernels of this package, on
/// processors that they were written for (with AMX, AVX-512, AVX2 or NEON), or the BLAS library.
///
/// The environment's `CONVIT_PRODUCTS=blas` leaves them all to the library, and `CONVIT_LEVEL` says
/// which instructions all kernels may use.
package struct ProductKernels: @unchecked Sendable {  // the pointer is to a constant
  let pointer: OpaquePointer

  /// "AVX-512 BF16"
  package var name: String { String(cString: ck_products_name(pointer)) }

  var precision: Precision { ck_products_precision(pointer) == CK_BFLOAT16 ? .bfloat16 : .float32 }

  /// Those that this processor can run at its level, fastest first.
  package static let all = sequence(state: 0) { index in
    defer { index += 1 }
    return ck_products_at(index).map(ProductKernels.init)
  }.map { $0 }

  /// Those that make the products of a precision; nil leaves them to the library.
  package static func serving(_ precision: Precision) -> ProductKernels? {
    precision == .float32 ? float32 : bfloat16
  }

  private static let float32 = fastest(.float32)
  private static let bfloat16 = fastest(.bfloat16)

  private static func fastest(_ precision: Precision) -> ProductKernels? {
    guard ck_products_are_optimized(), !isLibraryAskedFor else { return nil }
    return ck_products_fastest(precision == .float32 ? CK_FLOAT32 : CK_BFLOAT16)
      .map(ProductKernels.init)
  }

  private static let asked = variable("CONVIT_PRODUCTS")
  private static let isLibraryAskedFor = asked == "blas"

  private static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }
}

extension ProductKernels {
  /// The instructions that all kernels of this process use, for instance "x86-64-v3".
  package static let level = String(cString: ck_level())

  /// For instance "own AVX-512 BF16 kernels", or the library's description.
  package static func description(of precision: Precision) -> String {
    guard let kernels = serving(precision) else {
      return BLASLibrary.current.description + (precision == .float32 ? "" : ", in floats")
    }
    return "own \(kernels.name) kernels"
  }

  /// What is wrong with the environment's `CONVIT_PRODUCTS` or `CONVIT_LEVEL`; nil if nothing is.
  package static var settingWarning: String? {
    if let asked, !isLibraryAskedFor {
      return "CONVIT_PRODUCTS is '\(asked)', which is nothing; it can be blas"
    }
    guard let asked = variable("CONVIT_LEVEL"), !ck_level_is_known(asked) else { return nil }
    let levels = sequence(state: Int32(0)) { index in
      defer { index += 1 }
      return ck_level_at(index).map { String(cString: $0) }
    }
    return "CONVIT_LEVEL is '\(asked)', which is no level of this processor; it can be "
      + levels.joined(separator: ", ") + ", and the kernels run at \(level)"
  }

  /// What makes the products of a precision slower than they could be on this processor, with the
  /// remedy; nil if nothing is known to.
  package static func warning(for precision: Precision) -> String? {
    if let settingWarning { return settingWarning }
    if serving(precision) != nil { return nil }
    guard precision == .bfloat16 else { return BLASLibrary.current.warning }
    let cause =
      isLibraryAskedFor
      ? "the BLAS library has no bf16"
      : all.contains { $0.precision == .bfloat16 }
        ? "this is a debug build"
        : "there are no instructions for bf16 at this processor's level \(level)"
    return cause
      + ": operands are rounded to it and multiplied as floats, which is slower than fp32"
  }
}
