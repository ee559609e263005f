import Testing

@testable import Autodiff
@testable import Scores

@Suite struct RankedScoresTests {
  @Test func byHand() throws {
    let ranked = RankedScores([[1, 3], [10, 12], [2, 4], [-.infinity, 50], [10, 12]])
    #expect(ranked.order == [1, 4, 2, 0, 3])
    #expect(ranked.places.map(\.rank) == [4, 1, 3, 5, 2])
    #expect(ranked.places.map(\.mean) == [2, 11, 3, -.infinity, 11])
    let root = 2.0.squareRoot()
    #expect(ranked.places.map(\.deviation) == [root, root, root, nil, root])
    // Means with standard errors of 1, two degrees of freedom, where the distribution is
    // ½ + t / (2 √(2 + t²)): 3 is above 2 with t = 1 / √2, 11 above 3 with t = 8 / √2.
    #expect(abs(ranked.probability(of: 2, beating: 0) - 0.7236067977499790) < 1e-12)
    #expect(abs(ranked.probability(of: 1, beating: 2) - 0.9850712500726659) < 1e-12)
    #expect(ranked.probability(of: 1, beating: 4) == 0.5)
    #expect(ranked.probability(of: 3, beating: 0) == 0)
    #expect(ranked.probability(of: 0, beating: 3) == 1)
    #expect(ranked.places.map(\.interval) == [3...4, 1...2, 3...4, 5...5, 1...2])
  }

  /// One start with a larger deviation, four degrees of freedom at most (Welch 1947).
  @Test func unequalDeviations() throws {
    let ranked = RankedScores([[1, 2, 3], [2, 5, 8], [0, 0, 0]])
    // Squared errors ⅓ and 3: 100/9 / (1/18 + 9/2) = 2.44 degrees, 2 taken; t = 3 / √(10/3).
    let t = 3 / (10.0 / 3).squareRoot()
    let two = 0.5 + t / (2 * (2 + t * t).squareRoot())
    #expect(abs(ranked.probability(of: 1, beating: 0) - two) < 1e-12)
    // Against scores that are all the same, the two degrees of the other.
    let other = 2 / (1.0 / 3).squareRoot()
    let expected = 0.5 + other / (2 * (2 + other * other).squareRoot())
    #expect(abs(ranked.probability(of: 0, beating: 2) - expected) < 1e-12)
  }

  /// Candidates that are alike are told apart in at most 2.5 % of draws of three starts, each way.
  @Test func levelOfTheIntervals() {
    var random = Random(seed: 3)
    var apart = 0
    let draws = 4000
    for _ in 0..<draws {
      let samples = (0..<2).map { _ in (0..<3).map { _ in Double(random.normal()) } }
      if RankedScores(samples).places.contains(where: { $0.interval.count == 1 }) { apart += 1 }
    }
    // Both ways together 5 %, with four standard errors of the count; the normal distribution
    // would give 12 %.
    #expect(Double(apart) / Double(draws) < 0.05 + 4 * (0.05 * 0.95 / Double(draws)).squareRoot())
  }

  /// Single scores say nothing of how sure their order is.
  @Test func singleScores() {
    let ranked = RankedScores([[2], [3], [2]])
    #expect(ranked.order == [1, 0, 2] && ranked.places[1].deviation == nil)
    #expect(ranked.places.map(\.interval) == [1...3, 1...3, 1...3])
    #expect(ranked.probability(of: 1, beating: 0) == 0.5)
    #expect(ranked.probability(of: 0, beating: 2) == 0.5)
  }
}
