import CKernels
import Foundation

/// The library that serves as BLAS in this process: what it is, and whether it suits the processor.
///
/// A program is linked with `libblas`, which Debian's alternatives (or the loader's path) point at
/// one library or another; what is special to each is looked up by name.
package struct BLASLibrary: Sendable {
  package let name: String  // for instance "OpenBLAS 0.3.21"
  /// The kernels that the library chose, for instance "Cooperlake", if it says.
  package let kernels: String?
  private let threadSetter: String?

  package static let current = BLASLibrary()

  private init() {
    if let config = Self.text("openblas_get_config") {
      name = config.split(separator: " ").prefix(2).joined(separator: " ")
      kernels = Self.text("openblas_get_corename")
      threadSetter = "openblas_set_num_threads"
    } else if let version = Self.text("bli_info_get_version_str") {
      (name, kernels, threadSetter) = ("BLIS " + version, nil, "bli_thread_set_num_threads")
    } else if Self.symbol("MKL_Set_Num_Threads") != nil {
      (name, kernels, threadSetter) = ("MKL", nil, "MKL_Set_Num_Threads")
    } else {
      (name, kernels, threadSetter) = (Self.name(ofFile: Self.file ?? ""), nil, nil)
    }
  }

  /// What the path of a library's file says it is, for those whose symbols do not: of Debian's
  /// `blis-pthread/libblas.so.3`, only the functions of BLAS can be seen.
  static func name(ofFile path: String) -> String {
    let end = path.lowercased().split(separator: "/").suffix(2)
    for name in ["OpenBLAS", "BLIS", "MKL", "ATLAS"]
    where end.contains(where: { $0.contains(name.lowercased()) }) {
      return name
    }
    return end.first == "blas" ? reference : unknown
  }

  static let unknown = "a BLAS library of unknown name"
  private static let reference = "the reference BLAS"

  /// The file that the products come from, without symbolic links.
  private static var file: String? {
    guard let product = symbol("cblas_sgemm"), let finder = symbol("dladdr") else { return nil }
    // Not in the module of Glibc. It fills in four pointers, of which the first is a path.
    typealias Finder =
      @convention(c) (UnsafeRawPointer, UnsafeMutablePointer<UnsafePointer<CChar>?>) -> Int32
    var found = [UnsafePointer<CChar>?](repeating: nil, count: 4)
    guard unsafeBitCast(finder, to: Finder.self)(product, &found) != 0, let name = found[0],
      let path = realpath(name, nil)
    else { return nil }
    defer { free(path) }
    return String(cString: path)
  }

  /// "OpenBLAS 0.3.21, Cooperlake kernels"
  package var description: String { name + (kernels.map { ", \($0) kernels" } ?? "") }

  /// What makes the library slower than it could be on this processor, with the remedy; nil if
  /// nothing is known to.
  package var warning: String? {
    if name == Self.unknown || name == Self.reference {
      return "\(name) serves as BLAS, which may be slow: apt-get install libopenblas-dev"
    }
    guard let kernels else { return nil }
    let level = String(cString: ck_level())
    guard Self.isSlow(kernels: kernels, level: level) else { return nil }
    let remedy =
      getenv("OPENBLAS_CORETYPE") == nil
      ? "a newer OpenBLAS may know the processor, or set OPENBLAS_CORETYPE"
      : "unset OPENBLAS_CORETYPE"
    return "\(name) runs its \(kernels) kernels on a processor of level \(level): \(remedy)"
  }

  /// Whether OpenBLAS's kernels of a name leave vector registers of a processor level unused.
  static func isSlow(kernels: String, level: String) -> Bool {
    let avx512 = ["SkylakeX", "Cooperlake", "SapphireRapids"]
    let avx2 = ["Haswell", "Zen", "Excavator"]
    return switch level {
    case "x86-64-v4", "x86-64-v4+amx": !avx512.contains(kernels)
    case "x86-64-v3": !(avx512 + avx2).contains(kernels)
    default: false
    }
  }

  /// Threads that a call may use; nothing happens in a library that was only recognised by its
  /// file, or not at all.
  func setThreads(_ count: Int) {
    guard let threadSetter, let symbol = Self.symbol(threadSetter) else { return }
    // BLIS takes a 64-bit number; on the processors in question the upper half of a register that
    // holds a small Int is zero, so that one call serves all three.
    typealias Setter = @convention(c) (Int) -> Void
    unsafeBitCast(symbol, to: Setter.self)(count)
  }

  private static func text(_ function: String) -> String? {
    guard let symbol = symbol(function) else { return nil }
    typealias Getter = @convention(c) () -> UnsafePointer<CChar>?
    return unsafeBitCast(symbol, to: Getter.self)().map { String(cString: $0) }
  }

  private static func symbol(_ name: String) -> UnsafeMutableRawPointer? { dlsym(nil, name) }
}
