/// The mean and the spread of numbers that come one by one, or of parts that are put together: what
/// ``Statistics`` says of a list, without the list.
///
/// Welford 1962; for parts Chan et al. 1983. A large mean does not drown a small spread.
package struct RunningMoments: Sendable, Codable {
  /// How many numbers there were.
  package private(set) var count = 0
  private var average = 0.0
  /// Σ (x − mean)²
  private var squares = 0.0

  package init(_ values: [Double] = []) { for value in values { add(value) } }

  package mutating func add(_ value: Double) {
    count += 1
    let step = value - average
    average += step / Double(count)
    squares += step * (value - average)
  }

  package mutating func add(_ other: RunningMoments) {
    guard other.count > 0 else { return }
    let (here, there) = (Double(count), Double(other.count))
    let step = other.average - average
    count += other.count
    average += step * there / (here + there)
    squares += other.squares + step * step * here * there / (here + there)
  }

  /// The mean; nil of no numbers.
  package var mean: Double? { count > 0 ? average : nil }

  /// The standard deviation, of a sample; nil of fewer than two numbers.
  package var deviation: Double? {
    count > 1 ? (squares / Double(count - 1)).squareRoot() : nil
  }

  /// The standard error of the mean, deviation / √n; nil of fewer than two numbers.
  package var standardError: Double? { deviation.map { $0 / Double(count).squareRoot() } }
}
