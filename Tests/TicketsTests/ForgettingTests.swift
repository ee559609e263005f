import Testing
import Tickets
import Training

/// What is forgotten, and which examples are critical.
@Suite struct ForgettingTests {
  private func counts(_ histories: [String]) -> ForgettingCounts {
    var counts = ForgettingCounts(of: Array(histories.indices))
    for (index, history) in histories.enumerated() {
      for bit in history { counts.add(index, isRight: bit == "1", loss: bit == "1" ? 0.25 : 1.5) }
    }
    return counts
  }

  /// The vectors of the released program's rule: transitions from right to wrong, from the first
  /// right on; 200000 without one.
  @Test func knownHistories() {
    let counts = counts(["000", "111", "1010", "01001", "", "0", "1", "10101010", "0111"])
    #expect(
      counts.counts == [
        200_000, 0, 2, 1, 200_000, 200_000, 0, 4, 0,
      ])
    #expect(counts.critical() == [0, 2, 3, 4, 5, 7])
    #expect(counts.critical(above: 1) == [0, 2, 4, 5, 7])
    #expect(counts[9] == nil && counts[2] == 2)
    #expect(counts.accuracy(of: 3) == 0.4 && counts.accuracy(of: 4) == nil)
    #expect(counts.loss(of: 3) == 1 && counts.loss(of: 4) == nil && counts.loss(of: 9) == nil)
  }

  /// Examples have any indices, in any order, and one that comes twice is one.
  @Test func indicesAreThoseOfTheData() {
    var counts = ForgettingCounts(of: [70, 3, 70, 12])
    for right in [true, false] { counts.add(12, isRight: right, loss: 1) }
    counts.add(3, isRight: true, loss: 1)
    #expect(counts.indices == [3, 12, 70] && counts.counts == [0, 1, 200_000])
  }

  /// From any moment on, what was saved counts as what was not.
  @Test func goOnFromASnapshot() throws {
    let histories = ["0110", "1010", "1001", "0000"]
    for moment in 0...4 {
      var (whole, first) = (counts(histories), counts(histories.map { String($0.prefix(moment)) }))
      var (snapshot, second) = (Snapshot(), ForgettingCounts(of: [0, 1, 2, 3]))
      first.save(to: &snapshot, as: "f")
      try second.restore(snapshot, as: "f")
      #expect(second == first)
      for (index, history) in histories.enumerated() {
        for bit in history.dropFirst(moment) {
          second.add(index, isRight: bit == "1", loss: bit == "1" ? 0.25 : 1.5)
        }
      }
      #expect(second == whole)
      whole.add(0, isRight: true, loss: 1)
      #expect(second != whole)
      first = ForgettingCounts(of: [0, 1])
      #expect(throws: TrainingError.self) { try first.restore(snapshot, as: "f") }
    }
  }

  @Test func criticalIsEither() {
    let counts = counts(["111", "101", "000"])  // of examples 0, 1 and 2 of five
    let critical = CriticalExamples(
      counts, dense: [0: 7, 1: 1, 2: 2, 3: 3, 4: 4], pruned: [0: 7, 1: 5, 2: 2, 3: 4])
    #expect(critical.byForgetting == [1, 2])
    #expect(critical.byDisagreement == [1, 3], "4 has no answer of the pruned model")
    #expect(critical.all == [1, 2, 3])
    #expect(CriticalExamples(counts).all == [1, 2])
  }

  /// Nothing critical is an empty set, not all.
  @Test func nothingCritical() {
    #expect(CriticalExamples(counts(["1", "111"]), dense: [0: 1], pruned: [0: 1]).all.isEmpty)
  }
}
