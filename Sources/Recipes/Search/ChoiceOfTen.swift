import Autodiff

/// What it is worth to choose among ten candidates by a score: the means over 10,000 draws of ten.
package struct ChoiceOfTen: Sendable {
  /// The accuracy of the best by the score, less that of a random one.
  package let gain: Double
  /// How far the most accurate of the three best by the score is below that of the ten.
  package let lossOfThree: Double

  /// Of candidates with these scores and accuracies, of equal scores those that come first; nil of
  /// fewer than ten.
  package init?(scores: [Double], accuracies: [Double]) {
    guard scores.count >= 10, scores.count == accuracies.count else { return nil }
    var random = Random(seed: 0).split("ten")
    let mean = accuracies.reduce(0, +) / Double(accuracies.count)
    let draws = 10_000
    var (gain, loss) = (0.0, 0.0)
    for _ in 0..<draws {
      let ten = random.permutation(scores.count).prefix(10)
      let order = ten.sorted { (scores[$0], $1) > (scores[$1], $0) }.map { accuracies[$0] }
      gain += order[0] - mean
      loss += (order.max() ?? 0) - order[..<3].max()!
    }
    (self.gain, lossOfThree) = (gain / Double(draws), loss / Double(draws))
  }
}
