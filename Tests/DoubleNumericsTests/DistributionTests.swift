import DoubleNumerics
import Testing

@Suite struct DistributionTests {
  @Test func normalQuantilesFollow60Digits() throws {
    for reference in try Fixture().quantiles {
      let found = NormalDistribution.quantile(reference.p)
      if reference.p == 0.5 {
        #expect(found == 0)
      } else {
        #expect(error(found, reference.x) < 2e-15, "\(reference.p)")
      }
    }
  }

  @Test func quantilesAtTheEnds() {
    #expect(NormalDistribution.quantile(0) == -.infinity)
    #expect(NormalDistribution.quantile(1) == .infinity)
    for p in [-0.1, 1.1, -.infinity, .infinity, .nan] {
      #expect(NormalDistribution.quantile(p).isNaN)
    }
    let smallest = NormalDistribution.quantile(.leastNonzeroMagnitude)
    #expect(smallest > -38.5 && smallest < -38.4)
    #expect(NormalDistribution.quantile(0.25) == -NormalDistribution.quantile(0.75))
  }

  /// The tail is relative to itself; far out x² roundings of x are in it.
  @Test func normalProbabilities() throws {
    for reference in try Fixture().below {
      let found = NormalDistribution.probability(below: reference.x)
      #expect(error(found, reference.p) < 1e-12, "\(reference.x)")
      let density = NormalDistribution.density(at: reference.x)
      #expect(error(density, reference.density) < 1e-12, "\(reference.x)")
    }
    #expect(NormalDistribution.probability(below: -.infinity) == 0)
    #expect(NormalDistribution.probability(below: .infinity) == 1)
    #expect(NormalDistribution.probability(below: .nan).isNaN)
  }

  @Test func quantileIsTheInverse() {
    for p in [1e-250, 1e-30, 1e-5, 0.06, 0.2, 0.49, 0.7, 0.999] {
      let again = NormalDistribution.probability(below: NormalDistribution.quantile(p))
      #expect(error(again, p) < 1e-12, "\(p)")
    }
  }

  @Test func studentFollows60Digits() throws {
    for reference in try Fixture().student {
      let student = StudentDistribution(degreesOfFreedom: reference.freedom)
      let found = student.probability(beyond: reference.t)
      #expect(error(found, reference.p) < 1e-12, "\(reference)")
      #expect(student.probability(beyond: -reference.t) == found)
    }
  }

  /// SciPy 1.17: t.ppf.
  @Test func studentQuantiles() {
    for (freedom, level, t) in [
      (1, 0.95, 12.706204736174694), (2, 0.95, 4.302652729749464), (5, 0.95, 2.5705818356363146),
      (30, 0.95, 2.0422724563012378), (3, 0.5, 0.7648923284043444), (4, 0.999, 8.610301581379522),
    ] {
      let found = StudentDistribution(degreesOfFreedom: freedom).quantile(level)
      #expect(error(found, t) < 1e-12, "\(freedom) \(level)")
    }
  }

  /// SciPy 1.17: ttest_rel of [1, 2, 4] and [0.5, 2.5, 2].
  @Test func pairs() throws {
    let pairs = try #require(PairedDifference([(1, 0.5), (2, 2.5), (4, 2)]))
    #expect(pairs.count == 3 && error(pairs.mean, 2.0 / 3) < 1e-14)
    #expect(error(pairs.p, 0.4556689460481827) < 1e-12)
    let interval = pairs.interval()
    #expect(
      error(interval.lowerBound, -2.459138073021221) < 1e-12
        && error(interval.upperBound, 3.792471406354554) < 1e-12)
    #expect(PairedDifference([(1, 2)]) == nil)
    #expect(PairedDifference([(1, 1), (2, 2)])?.p.isNaN == true)
  }

  /// With one degree of freedom it is Cauchy's; the quarter beyond 1 is on each side.
  @Test func studentAtTheEnds() {
    let cauchy = StudentDistribution(degreesOfFreedom: 1)
    #expect(error(cauchy.probability(beyond: 1), 0.5) < 1e-15)
    #expect(cauchy.probability(beyond: 0) == 1)
    #expect(cauchy.probability(beyond: .infinity) == 0)
    #expect(cauchy.probability(beyond: .nan).isNaN)
  }
}
