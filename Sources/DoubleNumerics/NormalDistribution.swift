import Foundation

/// The normal distribution of mean 0 and standard deviation 1.
package enum NormalDistribution {
  /// Φ(x), the probability of a number below x.
  package static func probability(below x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }

  /// φ(x), the derivative of Φ.
  package static func density(at x: Double) -> Double { exp(-x * x / 2) / (2 * .pi).squareRoot() }

  /// Φ⁻¹(p), below which a number is with probability p: −∞ for 0, ∞ for 1, NaN outside.
  ///
  /// A rational approximation in three parts, right to about 1 part in 10¹⁶: algorithm AS 241,
  /// PPND16 (Wichura, Applied Statistics 37, 1988).
  package static func quantile(_ p: Double) -> Double {
    guard p > 0, p < 1 else { return p == 0 ? -.infinity : p == 1 ? .infinity : .nan }
    let q = p - 0.5
    if abs(q) <= 0.425 {
      let r = 0.180625 - q * q
      return q * polynomial(centre.0, r) / polynomial(centre.1, r)
    }
    let r = (-log(min(p, 1 - p))).squareRoot()
    let x =
      r <= 5
      ? polynomial(flank.0, r - 1.6) / polynomial(flank.1, r - 1.6)
      : polynomial(tail.0, r - 5) / polynomial(tail.1, r - 5)
    return q < 0 ? -x : x
  }

  private static func polynomial(_ coefficients: [Double], _ x: Double) -> Double {
    coefficients.reversed().reduce(0) { $0 * x + $1 }
  }

  // Numerator and denominator, the constant first.
  private static let centre = (
    [
      3.387_132_872_796_366_608, 133.141_667_891_784_377_45, 1971.590_950_306_551_442_7,
      13731.693_765_509_461_125, 45921.953_931_549_871_457, 67265.770_927_008_700_853,
      33430.575_583_588_128_105, 2509.080_928_730_122_672_7,
    ],
    [
      1, 42.313_330_701_600_911_252, 687.187_007_492_057_908_3, 5394.196_021_424_751_107_7,
      21213.794_301_586_595_867, 39307.895_800_092_710_61, 28729.085_735_721_942_674,
      5226.495_278_852_854_561,
    ]
  )
  private static let flank = (
    [
      1.423_437_110_749_683_577_34, 4.630_337_846_156_545_295_9, 5.769_497_221_460_691_405_5,
      3.647_848_324_763_204_605_04, 1.270_458_252_452_368_382_58, 0.241_780_725_177_450_611_77,
      0.022_723_844_989_269_184_583_3, 7.745_450_142_783_414_076_4e-4,
    ],
    [
      1, 2.053_191_626_637_758_821_87, 1.676_384_830_183_803_849_4, 0.689_767_334_985_100_004_55,
      0.148_103_976_427_480_074_59, 0.015_198_666_563_616_457_195_7, 5.475_938_084_995_344_946e-4,
      1.050_750_071_644_416_843_24e-9,
    ]
  )
  private static let tail = (
    [
      6.657_904_643_501_103_777_2, 5.463_784_911_164_114_369_9, 1.784_826_539_917_291_335_8,
      0.296_560_571_828_504_891_23, 0.026_532_189_526_576_123_093, 1.242_660_947_388_078_438_6e-3,
      2.711_555_568_743_487_578_15e-5, 2.010_334_399_292_288_132_65e-7,
    ],
    [
      1, 0.599_832_206_555_887_937_69, 0.136_929_880_922_735_805_31,
      0.014_875_361_290_850_615_025, 7.868_691_311_456_132_591e-4, 1.846_318_317_510_054_681_8e-5,
      1.421_511_758_316_445_888_7e-7, 2.044_263_103_389_939_785_64e-15,
    ]
  )
}
