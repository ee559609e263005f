import Testing

@testable import Autodiff

@Suite struct BLASLibraryTests {
  @Test func theLibraryIsRecognised() {
    #expect(BLASLibrary.current.name != "a BLAS library of unknown name")
    #expect(BLASLibrary.current.description.hasPrefix(BLASLibrary.current.name))
  }

  @Test func kernelsBelowTheProcessorAreSlow() {
    #expect(BLASLibrary.isSlow(kernels: "Haswell", level: "x86-64-v4"))
    #expect(!BLASLibrary.isSlow(kernels: "Cooperlake", level: "x86-64-v4"))
    #expect(!BLASLibrary.isSlow(kernels: "Zen", level: "x86-64-v3"))
    #expect(BLASLibrary.isSlow(kernels: "Nehalem", level: "x86-64-v3"))
    #expect(!BLASLibrary.isSlow(kernels: "Prescott", level: "baseline"))
    #expect(!BLASLibrary.isSlow(kernels: "NEOVERSEN1", level: "neon"))
  }
}
