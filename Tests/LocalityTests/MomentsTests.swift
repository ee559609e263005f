import Testing

@testable import Locality

/// Against closed forms.
@Suite struct MomentsTests {
  @Test func ofAFewNumbers() {
    let four = Moments([1, 2, 3, 4])
    #expect(four.mean == 2.5)
    #expect(four.deviation.map { abs($0 - (5.0 / 3).squareRoot()) < 1e-15 } == true)
    #expect(Moments([7]).mean == 7 && Moments([7]).deviation == nil)
    #expect(Moments().mean.isNaN && Moments().deviation == nil)
  }

  /// The sum of squares of such numbers has no digit left for their spread.
  @Test func aLargeMeanLeavesTheSpread() {
    let far = Moments([1e9 + 1, 1e9 + 2, 1e9 + 3])
    #expect(far.mean == 1e9 + 2 && far.deviation == 1)
    #expect(Moments([64.1, 64.1, 64.1]).deviation == 0)
  }

  @Test func ofParts() {
    let values = (0..<50).map { Double($0 * $0 % 37) }
    let whole = Moments(values)
    for cut in [0, 1, 20, 49, 50] {
      var parts = Moments(Array(values[..<cut]))
      parts.add(Moments(Array(values[cut...])))
      #expect(abs(parts.mean - whole.mean) < 1e-13)
      #expect(abs((parts.deviation ?? 0) - (whole.deviation ?? 1)) < 1e-13)
    }
  }
}
