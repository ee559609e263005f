/// So many of all: a share that was counted, with the interval that holds the true one.
package struct Proportion: Hashable, Sendable {
  package let part, all: Int

  /// A share of some examples.
  package init(_ part: Int, of all: Int) {
    checkPrecondition(part >= 0 && all > 0 && part <= all, "Proportion: \(part) of \(all)")
    (self.part, self.all) = (part, all)
  }

  package var share: Double { Double(part) / Double(all) }

  /// The interval of Wilson (1927) that holds the true share with the probability `level`; it is
  /// within 0 … 1 and is no point for a share of 0 or 1.
  package func interval(level: Double = 0.95) -> ClosedRange<Double> {
    let (z, n) = (Self.quantile(level), Double(all))
    let centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    let half =
      z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
    return max(0, centre - half)...min(1, centre + half)
  }

  /// The difference to the share of other examples, with the interval of Newcombe (1998b, method
  /// 10), which is made of the two by Wilson.
  package func difference(
    to other: Proportion, level: Double = 0.95
  ) -> (difference: Double, interval: ClosedRange<Double>) {
    let (mine, theirs) = (interval(level: level), other.interval(level: level))
    func side(_ a: Double, _ b: Double) -> Double { (a * a + b * b).squareRoot() }
    let difference = share - other.share
    return (
      difference,
      difference - side(share - mine.lowerBound, theirs.upperBound - other.share)...difference
        + side(mine.upperBound - share, other.share - theirs.lowerBound)
    )
  }

  static func quantile(_ level: Double) -> Double {
    checkPrecondition(level > 0 && level < 1, "Proportion: a probability of \(level)")
    return NormalDistribution.quantile(0.5 + level / 2)
  }
}

/// Two answers to the same examples, counted where only one of them is right.
package struct PairedProportions: Hashable, Sendable {
  package let onlyFirst, onlySecond, all: Int

  /// Of `all` examples, those that only the first and only the second answer is right for.
  package init(onlyFirst: Int, onlySecond: Int, of all: Int) {
    checkPrecondition(
      onlyFirst >= 0 && onlySecond >= 0 && all > 0 && onlyFirst + onlySecond <= all,
      "PairedProportions: \(onlyFirst) and \(onlySecond) of \(all)")
    (self.onlyFirst, self.onlySecond, self.all) = (onlyFirst, onlySecond, all)
  }

  /// The answers themselves: whether each is right, for the same examples in one order.
  package init(_ first: [Bool], _ second: [Bool]) {
    let pairs = zip(first, second)
    self.init(
      onlyFirst: pairs.count { $0 && !$1 }, onlySecond: pairs.count { !$0 && $1 }, of: first.count)
  }

  /// The share of the first less that of the second.
  package var difference: Double { Double(onlyFirst - onlySecond) / Double(all) }

  /// The interval of Agresti and Min (2005) that holds the true difference with the probability
  /// `level`: Wald's, with half an example more of each of the four kinds. It is no point where
  /// answers never differ.
  package func interval(level: Double = 0.95) -> ClosedRange<Double> {
    let n = Double(all) + 2
    let (b, c) = (Double(onlyFirst) + 0.5, Double(onlySecond) + 0.5)
    let centre = (b - c) / n
    let half =
      Proportion.quantile(level) * ((b + c) / n - centre * centre).squareRoot()
      / n.squareRoot()
    return max(-1, centre - half)...min(1, centre + half)
  }
}
