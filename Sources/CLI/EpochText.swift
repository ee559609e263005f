import Foundation
import Recipes
import Runs

/// What the terminal shows of an epoch, in at most 80 columns; `log.jsonl` has all digits.
struct EpochText {
  let record: EpochRecord
  let epochs: Int
  /// The time that is left, as text.
  let eta: String
  let isBest: Bool

  /// `epoch 3/100  loss 1.234 test 1.301  acc@1 61.20  lr 6.3e-5  65s  ETA 1:45:00  best`; with a
  /// moving average its accuracy stands in the place of the rate. Where `best` has no room, a star
  /// behind the accuracy stands for it.
  var line: String {
    let line = line(mark: "")
    guard isBest else { return line }
    return line.count <= 74 ? line + "  best" : self.line(mark: "*")
  }

  private func line(mark: String) -> String {
    let test = record.testLoss.map { Self.number(" test %.3f", $0) } ?? ""
    let average = record.emaTestAcc1.map { " ema " + Self.percent($0) } ?? ""
    let parts = [
      "epoch \(record.epoch + 1)/\(epochs)", Self.number("loss %.3f", record.trainLoss) + test,
      record.testAcc1.map { "acc@1 " + Self.percent($0) + average + mark },
      record.emaTestAcc1 == nil ? "lr \(rate)" : nil, seconds, "ETA \(eta)",
    ]
    return parts.compactMap(\.self).joined(separator: "  ")
  }

  private static func percent(_ value: Double) -> String {
    number(value < 99.995 ? "%.2f" : "%.1f", value)
  }

  private static func number(_ format: String, _ value: Double) -> String {
    String(format: format, value)
  }

  /// 6.3e-5
  private var rate: String {
    Self.number("%.1e", record.trainLr).replacing(/e([+-])0/) { "e\($0.1)" }
  }

  private var seconds: String {
    let seconds = record.seconds
    return seconds < 10
      ? Self.number("%.1fs", seconds)
      : seconds < 600 ? Self.number("%.0fs", seconds) : clock(seconds)
  }
}
