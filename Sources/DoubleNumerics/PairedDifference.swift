/// The mean difference of pairs of numbers, as of two models with the same seed, with Student's
/// interval and test.
///
/// SciPy's `ttest_rel`, its `confidence_interval` and p.
package struct PairedDifference: Hashable, Sendable {
  /// The pairs.
  package let count: Int
  /// The mean of first less second.
  package let mean: Double
  /// The standard deviation of the differences.
  package let deviation: Double

  /// Nil of fewer than two pairs.
  package init?(_ pairs: [(Double, Double)]) {
    let differences = pairs.map { $0.0 - $0.1 }
    guard let mean = Statistics.mean(differences),
      let deviation = Statistics.deviation(differences)
    else { return nil }
    (count, self.mean, self.deviation) = (pairs.count, mean, deviation)
  }

  private var student: StudentDistribution { StudentDistribution(degreesOfFreedom: count - 1) }
  private var error: Double { deviation / Double(count).squareRoot() }

  /// The interval that holds the true mean with the probability `level`.
  package func interval(level: Double = 0.95) -> ClosedRange<Double> {
    let half = student.quantile(level) * error
    return mean - half...mean + half
  }

  /// The probability of a mean at least as far from 0, on either side, if the true one is 0; NaN
  /// where all differences are 0.
  package var p: Double { student.probability(beyond: mean / error) }
}
