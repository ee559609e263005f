/// Student's t distribution.
package struct StudentDistribution: Hashable, Sendable {
  package let degreesOfFreedom: Int

  package init(degreesOfFreedom: Int) {
    checkPrecondition(
      degreesOfFreedom > 0, "StudentDistribution: \(degreesOfFreedom) degrees of freedom")
    self.degreesOfFreedom = degreesOfFreedom
  }

  /// The probability of a number whose magnitude is above that of t, on both sides together.
  ///
  /// With n degrees of freedom it is the regularised incomplete beta function I(n / (n + t²)) of n
  /// / 2 and 1 / 2.
  package func probability(beyond t: Double) -> Double {
    let (n, square) = (Double(degreesOfFreedom), t * t)
    guard square.isFinite else { return t.isNaN ? .nan : 0 }
    let (x, rest) = (n / (n + square), square / (n + square))
    // xᵃ · (1 − x)ᵇ / B(a, b), in which Γ(a + ½) / (Γ(a) · Γ(½)) goes up by (a + ½) / a with a.
    var (a, factor) = degreesOfFreedom.isMultiple(of: 2) ? (1.0, 0.5) : (0.5, 1 / Double.pi)
    factor *= (rest * (degreesOfFreedom.isMultiple(of: 2) ? x * x : x)).squareRoot()
    while a < n / 2 {
      factor *= (a + 0.5) / a * x
      a += 1
    }
    if x < (a + 1) / (a + 2.5) { return factor / a / continuedFraction(a, 0.5, x) }
    return 1 - factor / 0.5 / continuedFraction(0.5, a, rest)
  }

  /// The t that a number's magnitude is below with the probability `level`, between 0 and 1.
  package func quantile(_ level: Double) -> Double {
    checkPrecondition(level > 0 && level < 1, "StudentDistribution: a probability of \(level)")
    var (low, high) = (0.0, 1.0)
    while probability(beyond: high) > 1 - level { (low, high) = (high, 2 * high) }
    while high - low > 4 * high.ulp {
      let middle = (low + high) / 2
      if probability(beyond: middle) > 1 - level { low = middle } else { high = middle }
    }
    return high
  }

  /// 1 + d₁ / (1 + d₂ / (1 + …)) of the incomplete beta function (Abramowitz and Stegun, 26.5.8),
  /// from the front (Lentz 1976), for x < (a + 1) / (a + b + 2), where it converges fast.
  private func continuedFraction(_ a: Double, _ b: Double, _ x: Double) -> Double {
    var (value, c, d) = (1.0, 1.0, 0.0)
    for k in 1...10_000 {
      let m = Double(k / 2)
      let term =
        k.isMultiple(of: 2)
        ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 / (1 + term * d)
      c = 1 + term / c
      value *= c * d
      if abs(c * d - 1) <= .ulpOfOne { break }
    }
    return value
  }
}
