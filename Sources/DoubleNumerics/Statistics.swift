/// What numbers say together.
package enum Statistics {
  /// The mean; nil of no numbers.
  package static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  /// The standard deviation of a sample, with n − 1; nil of fewer than two numbers. NumPy's `std`
  /// with `ddof=1`.
  package static func deviation(_ values: [Double]) -> Double? {
    guard values.count > 1, let mean = mean(values) else { return nil }
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(values.count - 1)).squareRoot()
  }

  /// The standard error of the mean, deviation / √n; nil of fewer than two numbers.
  package static func standardError(_ values: [Double]) -> Double? {
    deviation(values).map { $0 / Double(values.count).squareRoot() }
  }

  /// The number below which the share p of all lies, interpolated as NumPy's `quantile` does; nil
  /// of no numbers, NaN if one is NaN.
  package static func quantile(_ values: [Double], _ p: Double) -> Double? {
    checkPrecondition(p >= 0 && p <= 1, "Statistics.quantile: a share of \(p)")
    if values.contains(where: \.isNaN) { return .nan }
    return values.isEmpty ? nil : quantile(sorted: values.sorted(), p)
  }

  private static func quantile(sorted: [Double], _ p: Double) -> Double {
    let place = p * Double(sorted.count - 1)
    let index = Int(place)
    let share = place - Double(index)
    return share == 0 ? sorted[index] : (1 - share) * sorted[index] + share * sorted[index + 1]
  }

  /// An interval that holds a statistic with the probability `level`, from samples drawn with
  /// replacement: the percentiles of what these give (Efron 1979). SciPy's `bootstrap` with
  /// `method='percentile'`.
  ///
  /// - Parameters:
  ///   - count: how many examples there are, and how many a sample has.
  ///   - level: the probability, between 0 and 1.
  ///   - draws: how many samples are drawn.
  ///   - generator: of the samples. A seeded one gives the same interval again.
  ///   - statistic: of the examples with these indices, each in 0 ..< count. Samples for which it
  ///     is nil or not finite are left out.
  /// - Returns: nil if no sample gives a number.
  package static func bootstrapInterval(
    count: Int, level: Double = 0.95, draws: Int = 10_000,
    using generator: inout some RandomNumberGenerator, of statistic: ([Int]) -> Double?
  ) -> ClosedRange<Double>? {
    checkPrecondition(count > 0, "Statistics.bootstrapInterval: \(count) examples")
    checkPrecondition(
      level > 0 && level < 1, "Statistics.bootstrapInterval: a probability of \(level)")
    var found: [Double] = []
    var sample = Array(repeating: 0, count: count)
    for _ in 0..<draws {
      for i in sample.indices { sample[i] = Int.random(in: 0..<count, using: &generator) }
      if let value = statistic(sample), value.isFinite { found.append(value) }
    }
    guard !found.isEmpty else { return nil }
    found.sort()
    let rest = (1 - level) / 2
    return quantile(sorted: found, rest)...quantile(sorted: found, 1 - rest)
  }
}
