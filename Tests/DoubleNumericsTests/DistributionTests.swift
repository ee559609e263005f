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

  /// With one degree of freedom it is Cauchy's; the quarter beyond 1 is on each side.
  @Test func studentAtTheEnds() {
    let cauchy = StudentDistribution(degreesOfFreedom: 1)
    #expect(error(cauchy.probability(beyond: 1), 0.5) < 1e-15)
    #expect(cauchy.probability(beyond: 0) == 1)
    #expect(cauchy.probability(beyond: .infinity) == 0)
    #expect(cauchy.probability(beyond: .nan).isNaN)
  }
}
