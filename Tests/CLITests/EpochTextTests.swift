import Foundation
import Runs
import Testing
import Training

@testable import CLI
@testable import Recipes

/// What is shown fits a terminal of 80 columns.
@Suite struct EpochTextTests {
  private func line(
    epoch: Int = 299, loss: Double = 2.302585, accuracy: Double = 78.125, average: Double? = nil,
    seconds: Double = 65, eta: String = "2:01:05", isBest: Bool = true
  ) throws -> String {
    let ema =
      average.map {
        #", "ema_test_loss": 1, "ema_test_acc1": \#($0), "ema_test_acc5": 99"#
      } ?? ""
    let json = """
      {"epoch": \(epoch), "train_loss": \(loss), "train_lr": 6.25e-05, "test_loss": \(loss / 2),
      "test_acc1": \(accuracy), "test_acc5": 99.5, "bad_images": 0, "n_parameters": 9,
      "seconds": \(seconds)\(ema)}
      """
    let record = try JSONDecoder().decode(EpochRecord.self, from: Data(json.utf8))
    return EpochText(record: record, epochs: 300, eta: eta, isBest: isBest).line
  }

  @Test func linesOfEpochs() throws {
    #expect(
      try line(epoch: 2, seconds: 4.26, eta: "2:05") == "epoch 3/300  loss 2.303 test 1.151  "
        + "acc@1 78.12  lr 6.3e-5  4.3s  ETA 2:05  best")
    #expect(
      try line(average: 79.25) == "epoch 300/300  loss 2.303 test 1.151  acc@1 78.12 ema 79.25*  "
        + "65s  ETA 2:01:05")
    #expect(try !line(isBest: false).contains("*"))
  }

  @Test func anEpochWithoutAnEvaluation() throws {
    let json = #"""
      {"epoch": 2, "train_loss": 2.302585, "train_lr": 6.25e-05, "bad_images": 0,
      "n_parameters": 9, "seconds": 65}
      """#
    let record = try JSONDecoder().decode(EpochRecord.self, from: Data(json.utf8))
    #expect(
      EpochText(record: record, epochs: 300, eta: "2:05", isBest: false).line
        == "epoch 3/300  loss 2.303  lr 6.3e-5  65s  ETA 2:05")
  }

  @Test(arguments: [nil, 99.994]) func theyFit(average: Double?) throws {
    for (accuracy, seconds) in [(100, 7.77), (9.5, 599.4), (100, 65)] {
      #expect(try line(accuracy: accuracy, average: average, seconds: seconds).count <= 80)
    }
  }

  @Test func progressIsCutToTheTerminal() {
    #expect(Terminal.fitted("evaluated 3/9", 80) == "evaluated 3/9")
    #expect(Terminal.fitted("0123456789", 11) == "0123456789")
    #expect(Terminal.fitted("0123456789", 10) == "01234567…")
    #expect(Terminal.fitted("図図図図図", 10) == "図図図図…")
    #expect(Terminal.fitted("abc", 1) == "…")
  }

  @Test func theListOfModelsFits() throws {
    let list = try ConvitProcess.run(["models"], in: "/").outLines
    #expect(list.count > 10 && list.allSatisfy { $0.count <= 80 })
    // But for the families and the lines before them.
    #expect(list.filter { $0.contains("_") }.allSatisfy { $0.contains("  ") })
  }
}
