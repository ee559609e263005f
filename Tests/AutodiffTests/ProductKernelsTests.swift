import CKernels
import Testing

@testable import Autodiff

@Suite struct ProductKernelsTests {
  @Test func aLevelIsOneThatTheProcessorHas() {
    #expect(ck_level_is_known(ck_level()))
    #expect(ck_level_at(0).map { String(cString: $0) } != nil && ck_level_at(9) == nil)
    #expect(!ck_level_is_known("x86-64-v9"))
    #expect(!ck_level_is_known(""))
  }

  /// Of each precision the first is the fastest, so none that comes later has more instructions.
  @Test func eachLevelIsThereOnce() {
    let names = ProductKernels.all.map(\.name)
    #expect(Set(names).count == names.count)
    let level = String(cString: ck_level())
    if level.hasPrefix("x86-64") { #expect(names.last == "AVX2") }
    if level == "x86-64-v3" { #expect(names == ["AVX2"]) }
    if level == "baseline" { #expect(names.isEmpty) }
  }

  @Test(arguments: ProductKernels.all)
  func roundsAreCounted(_ kernels: ProductKernels) {
    let one = ck_products_spin(kernels.pointer, 1)
    #expect(one > 0 && ck_products_spin(kernels.pointer, 100) == 100 * one)
  }
}
