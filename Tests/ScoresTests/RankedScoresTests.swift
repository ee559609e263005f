import Testing

@testable import Scores

@Suite struct RankedScoresTests {
  @Test func byHand() throws {
    let ranked = RankedScores([[1, 3], [10, 12], [2, 4], [-.infinity, 50], [10, 12]])
    #expect(ranked.order == [1, 4, 2, 0, 3])
    #expect(ranked.places.map(\.rank) == [4, 1, 3, 5, 2])
    #expect(ranked.places.map(\.mean) == [2, 11, 3, -.infinity, 11])
    let root = 2.0.squareRoot()
    #expect(ranked.places.map(\.deviation) == [root, root, root, nil, root])
    // Means with standard errors of 1: 3 is above 2 with Φ(1 / √2), 11 is above 3 surely.
    #expect(abs(ranked.probability(of: 2, beating: 0) - 0.760249938906524) < 1e-12)
    #expect(ranked.probability(of: 1, beating: 4) == 0.5)
    #expect(ranked.probability(of: 3, beating: 0) == 0)
    #expect(ranked.probability(of: 0, beating: 3) == 1)
    #expect(ranked.places.map(\.interval) == [3...4, 1...2, 3...4, 5...5, 1...2])
  }

  /// Single scores are sure of their order.
  @Test func singleScores() {
    let ranked = RankedScores([[2], [3], [2]])
    #expect(ranked.order == [1, 0, 2] && ranked.places[1].deviation == nil)
    #expect(ranked.places.map(\.interval) == [2...3, 1...1, 2...3])
    #expect(ranked.probability(of: 1, beating: 0) == 1)
    #expect(ranked.probability(of: 0, beating: 2) == 0.5)
  }
}
