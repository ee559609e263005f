import Autodiff
import ConViT
import Foundation
import Images
import Testing

@testable import Recipes
@testable import Training

/// What answers come to, class by class, against counts by hand.
@Suite struct ClassificationReportTests {
  private let names = ["ant", "bee", "cow", "dog"]

  /// Ten images: their classes and their logits for four.
  private let labels = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]
  private let logits: [[Float]] = [
    [2, 0, 0, 0], [0, 3, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0],  // ant: right, bee, bee, cow
    [0, 9, 0, 0], [0, 1, 1, 0], [0, 1, 0, 0],  // bee: right, cow as an equal, right
    [0, 4, 0, 0], [0, 0, 1, 0], [.nan, 0, 1, 0],  // cow: bee, right, an answer that is none
  ]

  private func results() -> (ClassificationTotals, [Answer]) {
    let tensor = Tensor([10, 4], logits.flatMap(\.self))
    return (
      ClassificationTotals(logits: tensor, labels: labels),
      Answer.all(tensor, labels: labels, indices: Array(20..<30))
    )
  }

  private func report(mistakes: Int = 4) -> ClassificationReport {
    let (totals, answers) = results()
    let samples = labels.enumerated().map {
      Example(path: "data/\($0).png", label: $1, index: 20 + $0)
    }
    return ClassificationReport(
      totals, answers, of: samples, name: { names[$0] }, mistakes: mistakes)
  }

  @Test func answersAreThoseOfTheAccuracies() {
    let (totals, answers) = results()
    #expect(answers.map(\.predicted) == [0, 1, 1, 2, 1, 2, 1, 1, 2, 0])
    #expect(100 * Double(answers.count(where: \.isRight)) / 10 == totals.accuracy1)
    let exponent = exp(Double(3))
    #expect(abs(Double(answers[1].probability) - exponent / (exponent + 3)) < 1e-6)
    #expect(abs(Double(answers[1].ownProbability) - 1 / (exponent + 3)) < 1e-6)
    #expect(answers[0].probability == answers[0].ownProbability && answers[0].index == 20)
  }

  @Test func countsByClass() throws {
    let report = report()
    #expect(report.images == 10 && report.acc1 == 40 && report.loss == nil)
    // The class without images that was never answered is not there.
    #expect(report.classes.map(\.class) == ["ant", "bee", "cow"])
    #expect(report.classes.map(\.images) == [4, 3, 3])
    #expect(report.classes.map(\.correct) == [1, 2, 1])
    #expect(report.classes.map(\.answered) == [2, 5, 3])
    let (accuracies, precisions): ([Double], [Double]) = (
      [25, 200.0 / 3, 100.0 / 3], [50, 40, 100.0 / 3]
    )
    #expect(report.classes.map(\.acc1) == accuracies)
    #expect(report.classes.map(\.precision) == precisions)
    #expect(
      report.confusions.map { "\($0.class) \($0.predicted) \($0.images)" } == [
        "ant bee 2", "ant cow 1", "bee cow 1", "cow ant 1", "cow bee 1",
      ])
    #expect(
      report.classTable.split(separator: "\n").prefix(2) == [
        "class,images,correct,answered,acc1,precision", "\"ant\",4,1,2,25.0,50.0",
      ])
    let rows = report.confusionTable.split(separator: "\n")
    #expect(rows[1] == "\"ant\",\"ant\",1" && rows[4] == "\"ant\",\"bee\",2" && rows.count == 9)
  }

  /// The surest first; what is no number before everything.
  @Test func theSurestMistakes() throws {
    let mistakes = report().mistakes
    #expect(mistakes.map(\.path) == [9, 7, 1, 2].map { "data/\($0).png" })
    #expect(mistakes[0].probability == nil && mistakes[0].class == "cow")
    let second = try #require(mistakes[1].probability)
    let expected = exp(4.0) / (exp(4.0) + 3)
    #expect(abs(second - expected) < 1e-6 && mistakes[1].predicted == "bee")
    #expect(report(mistakes: 0).mistakes.isEmpty && report(mistakes: 99).mistakes.count == 6)
    let text = try JSONEncoder().encode(report())
    let again = try JSONDecoder().decode(ClassificationReport.self, from: text)
    #expect(again.mistakes.map(\.path) == mistakes.map(\.path))
  }
}
