import DoubleNumerics
import Testing

/// Against closed forms, and against the same of whole lists.
@Suite struct RunningMomentsTests {
  @Test func ofAFewNumbers() {
    let four = RunningMoments([1, 2, 3, 4])
    #expect(four.mean == 2.5 && four.count == 4)
    #expect(four.deviation.map { abs($0 - (5.0 / 3).squareRoot()) < 1e-15 } == true)
    #expect(four.standardError.map { abs($0 - (5.0 / 12).squareRoot()) < 1e-15 } == true)
  }

  /// No number for what is not known, as `Statistics` has it.
  @Test func fewNumbers() {
    for values in [[], [7.0]] {
      let moments = RunningMoments(values)
      #expect(moments.mean == Statistics.mean(values))
      #expect(moments.deviation == nil && Statistics.deviation(values) == nil)
      #expect(moments.standardError == nil && Statistics.standardError(values) == nil)
    }
  }

  /// The sum of squares of such numbers has no digit left for their spread.
  @Test func aLargeMeanLeavesTheSpread() {
    let far = RunningMoments([1e9 + 1, 1e9 + 2, 1e9 + 3])
    #expect(far.mean == 1e9 + 2 && far.deviation == 1)
    #expect(RunningMoments([64.1, 64.1, 64.1]).deviation == 0)
  }

  @Test func ofParts() throws {
    let values = (0..<50).map { Double($0 * $0 % 37) }
    for cut in [0, 1, 20, 49, 50] {
      var parts = RunningMoments(Array(values[..<cut]))
      parts.add(RunningMoments(Array(values[cut...])))
      #expect(abs(try #require(parts.mean) - (Statistics.mean(values) ?? 0)) < 1e-13)
      #expect(abs(try #require(parts.deviation) - (Statistics.deviation(values) ?? 0)) < 1e-13)
      #expect(
        abs(try #require(parts.standardError) - (Statistics.standardError(values) ?? 0)) < 1e-13)
    }
  }
}
