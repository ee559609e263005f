import Testing

@testable import Autodiff

@Suite struct BLASLibraryTests {
  @Test func theLibraryIsRecognised() {
    #expect(BLASLibrary.current.name != BLASLibrary.unknown)
    #expect(BLASLibrary.current.description.hasPrefix(BLASLibrary.current.name))
  }

  /// Of BLIS as Debian builds it for `libblas`, neither version nor threads can be seen.
  @Test func aFileTellsWhatSymbolsDoNot() {
    let folder = "/usr/lib/x86_64-linux-gnu/"
    #expect(BLASLibrary.name(ofFile: folder + "blis-pthread/libblas.so.3") == "BLIS")
    #expect(BLASLibrary.name(ofFile: folder + "blis-openmp/libblis.so.4") == "BLIS")
    #expect(BLASLibrary.name(ofFile: folder + "openblas-serial/libblas.so.3") == "OpenBLAS")
    #expect(BLASLibrary.name(ofFile: folder + "atlas/libblas.so.3.10.3") == "ATLAS")
    #expect(BLASLibrary.name(ofFile: "/opt/env/lib/libmkl_rt.so.2") == "MKL")
    #expect(BLASLibrary.name(ofFile: folder + "blas/libblas.so.3.11.0") == "the reference BLAS")
    #expect(BLASLibrary.name(ofFile: "/home/blis/lib/libblas.so.3") == BLASLibrary.unknown)
    #expect(BLASLibrary.name(ofFile: "libblas.so.3") == BLASLibrary.unknown)
    #expect(BLASLibrary.name(ofFile: "") == BLASLibrary.unknown)
  }

  @Test func kernelsBelowTheProcessorAreSlow() {
    #expect(BLASLibrary.isSlow(kernels: "Haswell", level: "x86-64-v4"))
    #expect(BLASLibrary.isSlow(kernels: "Prescott", level: "x86-64-v4+amx"))
    #expect(!BLASLibrary.isSlow(kernels: "Cooperlake", level: "x86-64-v4"))
    #expect(!BLASLibrary.isSlow(kernels: "Zen", level: "x86-64-v3"))
    #expect(BLASLibrary.isSlow(kernels: "Nehalem", level: "x86-64-v3"))
    #expect(!BLASLibrary.isSlow(kernels: "Prescott", level: "baseline"))
    #expect(!BLASLibrary.isSlow(kernels: "NEOVERSEN1", level: "neon"))
  }
}
