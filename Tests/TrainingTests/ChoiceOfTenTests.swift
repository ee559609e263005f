import Testing

@testable import Recipes

@Suite struct ChoiceOfTenTests {
  /// Of ten there is one draw: the third by the score is the most accurate but one.
  @Test func ofTenByHand() throws {
    let scores: [Double] = [1, 9, 2, 8, 7, 3, 4, 5, 6, 0]
    let accuracies: [Double] = [50, 60, 50, 55, 70, 75, 50, 50, 50, 40]
    let choice = try #require(ChoiceOfTen(scores: scores, accuracies: accuracies))
    #expect(abs(choice.gain - (60 - 55)) < 1e-9)
    #expect(abs(choice.lossOfThree - (75 - 70)) < 1e-9)
    #expect(ChoiceOfTen(scores: [1, 2], accuracies: [1, 2]) == nil)
  }

  /// Of eleven whose accuracies are 0 … 10, ranked rightly or all alike.
  @Test func ofEleven() throws {
    let accuracies = (0...10).map(Double.init)
    let right = try #require(ChoiceOfTen(scores: accuracies, accuracies: accuracies))
    // The best is missing in one draw of eleven: 10 − 1/11 − 5, within four standard errors.
    #expect(abs(right.gain - (5 - 1 / 11.0)) < 0.0115 && right.lossOfThree == 0)
    let alike = try #require(
      ChoiceOfTen(scores: Array(repeating: 1, count: 11), accuracies: accuracies))
    #expect(alike.lossOfThree > 5)
  }
}
