import DoubleNumerics
import Testing

@Suite struct RankCorrelationTests {
  /// 1e-12 of itself; of Spearman's p 1e-10, to which n / 2 − 1 times the roundings of 1 − ρ go.
  @Test(arguments: [
    "two", "three", "seven", "twelve", "ties", "tiesOfOne", "exact33", "normal40", "ordered34",
    "swapped34", "reversed34",
  ])
  func followsSciPy(_ name: String) throws {
    let reference = try #require(try Fixture().ranks[name])
    let kendall = try #require(RankCorrelation.kendall(reference.x, reference.y))
    #expect(error(kendall.coefficient, reference.tau) < 1e-14)
    #expect(error(kendall.p, reference.tauP) < 1e-12)
    let spearman = try #require(RankCorrelation.spearman(reference.x, reference.y))
    #expect(error(spearman.coefficient, reference.rho) < 1e-14)
    if let p = reference.rhoP {
      #expect(p == 0 ? spearman.p == 0 : error(spearman.p, p) < 1e-10)
    } else {
      #expect(spearman.p.isNaN)
    }
  }

  /// n numbers have n! orders, one of which is the same and one the opposite.
  @Test func perfectOrder() throws {
    for (n, orders) in [(2, 2.0), (3, 6), (5, 120), (8, 40320)] {
      let x = (0..<n).map(Double.init)
      for (y, sign) in [(x, 1.0), (x.map { -$0 }, -1.0)] {
        let kendall = try #require(RankCorrelation.kendall(x, y))
        #expect(kendall.coefficient == sign && error(kendall.p, 2 / orders) < 1e-15)
        let spearman = try #require(RankCorrelation.spearman(x, y))
        #expect(spearman.coefficient == sign && (n == 2 ? spearman.p.isNaN : spearman.p == 0))
      }
    }
  }

  /// Of the 24 orders of four numbers 1, 4 and 9 have at most 0, 1 and 2 pairs out of order; with 3
  /// of 6 the p is 1.
  @Test func ordersOfFour() throws {
    let orders: [([Double], Double)] = [
      ([1, 2, 3, 4], 2), ([2, 1, 3, 4], 8), ([2, 1, 4, 3], 18), ([4, 1, 2, 3], 24),
    ]
    for (y, count) in orders {
      let found = try #require(RankCorrelation.kendall([1, 2, 3, 4], y))
      #expect(error(found.p, count / 24) < 1e-15)
    }
  }

  /// Where nothing varies, and where a number is none, SciPy gives NaN.
  @Test func undefined() {
    let lists: [([Double], [Double])] = [
      ([], []), ([1], [2]), ([1, 1, 1], [1, 2, 3]), ([1, 2, 3], [5, 5, 5]), ([1, 1], [2, 2]),
      ([1, .nan, 3], [1, 2, 3]), ([1, 2, 3], [.nan, 2, 3]),
    ]
    for (x, y) in lists {
      #expect(RankCorrelation.kendall(x, y) == nil && RankCorrelation.spearman(x, y) == nil)
    }
  }

  /// A score of −∞ is the lowest, two of them are equal; −0 is 0.
  @Test func infinitiesAreNumbers() throws {
    let y = [3.0, 1, 2, 5, 4, 0.5]
    let infinity = Double.infinity
    let scores = [-infinity, 1, -infinity, 3, infinity, 0]
    let finite = [-9.0, 1, -9, 3, 9, 0]
    #expect(RankCorrelation.kendall(scores, y) == RankCorrelation.kendall(finite, y))
    #expect(RankCorrelation.spearman(scores, y) == RankCorrelation.spearman(finite, y))
    #expect(
      RankCorrelation.kendall([-0.0, 0, 1, 2], [1, 2, 3, 4])
        == RankCorrelation.kendall([0, 0, 1, 2], [1, 2, 3, 4]))
  }

  @Test func ranksOfTies() {
    #expect(RankCorrelation.ranks([30, 10, 20, 10, 30, 30]) == [5, 1.5, 3, 1.5, 5, 5])
    #expect(RankCorrelation.ranks([]) == [])
  }

  @Test func ranksOfNaNComeToAnEnd() {
    #expect(RankCorrelation.ranks([1, .nan]).count == 2)
    #expect(RankCorrelation.ranks([3, 1, 3, 2]) == [3.5, 1, 3.5, 2])
  }
}
