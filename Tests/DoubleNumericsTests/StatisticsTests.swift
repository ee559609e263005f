import DoubleNumerics
import Testing

@Suite struct StatisticsTests {
  @Test func followsNumPy() throws {
    let sample = try Fixture().sample
    #expect(error(try #require(Statistics.mean(sample.values)), sample.mean) < 1e-15)
    #expect(error(try #require(Statistics.deviation(sample.values)), sample.deviation) < 1e-15)
    #expect(error(try #require(Statistics.standardError(sample.values)), sample.error) < 1e-15)
    let quantiles = sample.shares.compactMap { Statistics.quantile(sample.values, $0) }
    #expect(error(quantiles, sample.quantiles) < 1e-15)
  }

  @Test func fewNumbers() {
    #expect(Statistics.mean([]) == nil && Statistics.mean([4]) == 4)
    #expect(Statistics.deviation([4]) == nil && Statistics.standardError([4]) == nil)
    #expect(Statistics.deviation([4, 4]) == 0)
    #expect(Statistics.quantile([], 0.5) == nil && Statistics.quantile([4], 0.3) == 4)
    #expect(Statistics.deviation([1e8 + 1, 1e8 + 2, 1e8 + 3]) == 1)
  }

  @Test func numbersThatAreNotFinite() throws {
    #expect(try #require(Statistics.mean([1, .nan])).isNaN)
    #expect(try #require(Statistics.quantile([1, 2, 3, .nan], 0)).isNaN)
    #expect(Statistics.quantile([-.infinity, 1, 2], 0) == -.infinity)
    #expect(Statistics.quantile([-.infinity, 1, 2], 0.5) == 1)
    #expect(Statistics.quantile([-.infinity, 1, 2], 0.25) == -.infinity)
  }

  /// The deviation of an end of the interval is about 0.6 % of a deviation of the sample at 40,000
  /// draws.
  @Test func intervalFollowsSciPy() throws {
    let sample = try Fixture().sample
    var generator = Congruence(9)
    let interval = try #require(
      Statistics.bootstrapInterval(
        count: sample.values.count, level: 0.9, draws: 40_000, using: &generator
      ) { sample.mean(of: $0) })
    #expect(abs(interval.lowerBound - sample.interval[0]) < 0.03 * sample.deviation)
    #expect(abs(interval.upperBound - sample.interval[1]) < 0.03 * sample.deviation)
  }

  /// Of 27 samples of 0, 1 and 10 one has the sum 0, three 1, three 2, one 3, three 10, six 11 …:
  /// with shares of 0.1 and 0.9 the ends are 1 and 21 in thirds, whatever is drawn.
  @Test func intervalOfThreeExamples() throws {
    let values = [0.0, 1, 10]
    func interval(_ seed: UInt64) throws -> ClosedRange<Double> {
      var generator = Congruence(seed)
      return try #require(
        Statistics.bootstrapInterval(count: 3, level: 0.8, draws: 4000, using: &generator) {
          $0.reduce(0) { $0 + values[$1] }
        })
    }
    #expect(try interval(1) == 1...21 && interval(2) == 1...21)
  }

  @Test func seedsAndDegenerateSamples() {
    func interval(_ seed: UInt64, _ statistic: ([Int]) -> Double?) -> ClosedRange<Double>? {
      var generator = Congruence(seed)
      return Statistics.bootstrapInterval(
        count: 5, draws: 200, using: &generator, of: statistic)
    }
    func sum(_ sample: [Int]) -> Double { sample.reduce(0) { $0 + Double($1 * $1) } }
    #expect(interval(1, sum) == interval(1, sum) && interval(1, sum) != interval(2, sum))
    #expect(interval(1) { _ in 3 } == 3...3)
    #expect(interval(1) { _ in nil } == nil && interval(1) { _ in -.infinity } == nil)
    #expect(interval(1) { $0.contains(0) ? .nan : 2 } == 2...2)
  }
}

extension Fixture.Sample {
  fileprivate func mean(of indices: [Int]) -> Double {
    indices.reduce(0) { $0 + values[$1] } / Double(indices.count)
  }
}
