import Foundation

/// How far two lists of numbers have the same order. Only the order counts, so that ±∞ are numbers
/// like others.
package struct RankCorrelation: Hashable, Sendable {
  /// From −1, opposite orders, to 1, the same order.
  package let coefficient: Double
  /// The probability that lists without a connection have a coefficient at least as far from 0.
  package let p: Double
}

extension RankCorrelation {
  /// Kendall's τ-b, which counts pairs in the same order and in opposite orders, and allows for
  /// ties. Its time grows with the square of the count.
  ///
  /// p is what SciPy's `kendalltau` gives: without ties, for up to 33 numbers and for at most one
  /// pair out of order, exact by the number of permutations; else by the normal distribution with
  /// the variance that ties leave (Kendall, Rank Correlation Methods, 1970).
  ///
  /// - Returns: nil where a number is NaN or all of a list are the same, as for fewer than two.
  package static func kendall(_ x: [Double], _ y: [Double]) -> RankCorrelation? {
    checkPrecondition(x.count == y.count, "kendall: \(x.count) numbers and \(y.count)")
    guard !x.contains(where: \.isNaN), !y.contains(where: \.isNaN) else { return nil }
    let (n, tiesX, tiesY) = (Double(x.count), TieSums(x), TieSums(y))
    let pairs = n * (n - 1) / 2
    let (untiedX, untiedY) = (pairs - tiesX.pairs, pairs - tiesY.pairs)
    guard untiedX > 0, untiedY > 0 else { return nil }
    let (same, opposite) = orderedPairs(x, y)
    let difference = Double(same - opposite)
    let tau = difference / (untiedX * untiedY).squareRoot()  // the same order gives exactly 1
    let least = min(same, opposite)
    if tiesX.pairs == 0, tiesY.pairs == 0, x.count <= 33 || least <= 1 {
      return RankCorrelation(coefficient: tau, p: exactP(x.count, outOfOrder: least))
    }
    let untied = (n * (n - 1) * (2 * n + 5) - tiesX.variance - tiesY.variance) / 18
    let triples = n > 2 ? tiesX.triples * tiesY.triples / (9 * n * (n - 1) * (n - 2)) : 0
    let variance = untied + tiesX.pairs * tiesY.pairs / pairs + triples
    let p = erfc(abs(difference) / (2 * variance).squareRoot())
    return RankCorrelation(coefficient: tau, p: p)
  }

  /// Spearman's ρ: the correlation of the ranks. p is by Student's distribution with n − 2 degrees
  /// of freedom, as SciPy's `spearmanr` has it, and NaN for two numbers.
  ///
  /// - Returns: nil where a number is NaN or all of a list are the same, as for fewer than two.
  package static func spearman(_ x: [Double], _ y: [Double]) -> RankCorrelation? {
    checkPrecondition(x.count == y.count, "spearman: \(x.count) numbers and \(y.count)")
    guard !x.contains(where: \.isNaN), !y.contains(where: \.isNaN) else { return nil }
    let mean = Double(x.count + 1) / 2
    let (a, b) = (ranks(x).map { $0 - mean }, ranks(y).map { $0 - mean })
    func product(_ a: [Double], _ b: [Double]) -> Double {
      dot(a, from: 0, b, from: 0, count: a.count)
    }
    let scale = (product(a, a) * product(b, b)).squareRoot()
    guard scale > 0 else { return nil }
    let rho = product(a, b) / scale
    guard x.count > 2 else { return RankCorrelation(coefficient: rho, p: .nan) }
    let freedom = x.count - 2
    let t = abs(rho) * (Double(freedom) / ((1 - rho) * (1 + rho))).squareRoot()
    let distribution = StudentDistribution(degreesOfFreedom: freedom)
    return RankCorrelation(coefficient: rho, p: distribution.probability(beyond: t))
  }

  /// The places of numbers in their order, from 1 on; equal ones have the mean of theirs. SciPy's
  /// `rankdata`; a NaN, which has no place, gets any.
  package static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var (ranks, start) = (Array(repeating: 0.0, count: values.count), 0)
    while start < order.count {
      let first = values[order[start]]
      let end = order[(start + 1)...].firstIndex { values[$0] != first } ?? order.count
      for place in start..<end { ranks[order[place]] = Double(start + 1 + end) / 2 }
      start = end
    }
    return ranks
  }

  /// How many pairs of examples have the same order in both lists, and how many opposite ones.
  private static func orderedPairs(_ x: [Double], _ y: [Double]) -> (same: Int, opposite: Int) {
    var (same, opposite) = (0, 0)
    for i in x.indices {
      for j in 0..<i where x[i] != x[j] && y[i] != y[j] {
        if (x[i] > x[j]) == (y[i] > y[j]) { same += 1 } else { opposite += 1 }
      }
    }
    return (same, opposite)
  }

  /// Twice the share of the permutations of n numbers that have at most `count` pairs out of order,
  /// and at most 1.
  private static func exactP(_ n: Int, outOfOrder count: Int) -> Double {
    // shares[k] of the permutations of i numbers have k such pairs: the i-th number makes 0 … i − 1
    // more, each for a share 1 / i.
    var shares = [1.0] + Array(repeating: 0, count: count)
    for i in 1...n {
      let sums = shares.reduce(into: [0.0]) { $0.append($0[$0.count - 1] + $1) }
      shares = shares.indices.map { (sums[$0 + 1] - sums[max(0, $0 + 1 - i)]) / Double(i) }
    }
    return min(1, 2 * shares.reduce(0, +))
  }
}

/// What the ties of a list take from the pairs and from the variance: sums over its values that are
/// there t times.
private struct TieSums {
  private(set) var pairs = 0.0  // t(t − 1) / 2
  private(set) var triples = 0.0  // t(t − 1)(t − 2)
  private(set) var variance = 0.0  // t(t − 1)(2t + 5)

  init(_ values: [Double]) {
    for group in Dictionary(grouping: values, by: { $0 }).values {
      let t = Double(group.count)
      pairs += t * (t - 1) / 2
      triples += t * (t - 1) * (t - 2)
      variance += t * (t - 1) * (2 * t + 5)
    }
  }
}
