import DoubleNumerics
import Foundation

// What the numbers of an audit support, and no more.
extension ClipAudit {
  /// A loss of accuracy below this, in points, is called none: so much is at most lost if the whole
  /// 95 % interval is below it.
  package static let negligible = 2.0

  /// Two sentences: on the order of frames, and on motion; or that the model has learnt too little
  /// to tell.
  public var verdicts: [String] {
    if let own = self[.original], own.interval[0] <= largestClass {
      return [
        "What this model looks at cannot be told: \(shown(own.acc1)) % of the clips are answered "
          + "rightly, and \(shown(largestClass)) % are of one class."
      ]
    }
    return [orderVerdict, motionVerdict].compactMap(\.self)
  }

  /// By reversed and shuffled clips.
  private var orderVerdict: String? {
    let changed = [ClipOrder.reversed, .shuffled].compactMap { self[$0] }
    guard let worst = changed.min(by: { ($0.difference ?? 0) < ($1.difference ?? 0) }),
      let interval = worst.differenceInterval
    else { return nil }
    let name = worst.order.rawValue
    let least = changed.min { $0.sameAnswer < $1.sameAnswer } ?? worst
    let others = Int(((100 - least.sameAnswer) / 100 * Double(clips)).rounded())
    let depends =
      "The answers of this model depend on the order of frames: \(others) of the \(clips) clips "
      + "get another one \(least.order.rawValue)"
    if changed.allSatisfy({ $0.sameAnswer == 100 }) {
      return isEnoughForNone
        ? "This model does not use the order of frames: reversed and shuffled, all \(clips) clips "
          + "get the same answers."
        : "Whether this model uses the order of frames, \(clips) clips do not tell: reversed and "
          + "shuffled, they get the same answers."
    }
    if interval[1] < 0 {
      return "This model uses the order of frames: on \(name) clips it is right "
        + "\(points(worst)) less often."
    }
    if changed.allSatisfy({ isNegligible($0) }) {
      return depends + ". It does not need it: on reversed and shuffled clips it is right at most "
        + "\(shown(largestLoss(of: changed))) points less often."
    }
    return depends + ". Whether it is right more often for it, \(clips) clips do not tell: on "
      + "\(name) clips the difference is \(range(interval))."
  }

  /// By clips that stand still.
  private var motionVerdict: String? {
    let still = [ClipOrder.first, .frozen].compactMap { self[$0] }
    guard let best = still.max(by: { ($0.difference ?? 0) < ($1.difference ?? 0) }),
      let interval = best.differenceInterval
    else { return nil }
    let frame = best.order == .first ? "the first frame" : "the frame in the middle"
    if interval[1] < 0 {
      return "It looks at more than one frame: with \(frame) in the place of all it is right "
        + "\(points(best)) less often."
    }
    if isNegligible(best) {
      return "It does not need motion: with \(frame) in the place of all it is right at most "
        + "\(shown(largestLoss(of: [best]))) points less often."
    }
    return "Whether it needs motion, \(clips) clips do not tell: with \(frame) in the place of all "
      + "the difference is \(range(interval))."
  }

  /// What accuracy on clips with other backgrounds says; `name` is what these clips are called.
  package func verdict(of other: ClipAudit, named name: String) -> String? {
    guard let (difference, interval) = difference(of: other) else { return nil }
    if interval[1] < 0 {
      return "It uses what \(name) takes away: it is right \(shown(-difference)) points "
        + "(95 % interval \(shown(-interval[1])) to \(shown(-interval[0]))) less often there."
    }
    if interval[0] > -Self.negligible {
      return "It does not need what \(name) takes away: it is right at most "
        + "\(shown(max(0, -interval[0]))) points less often there."
    }
    return
      "Whether it uses what \(name) takes away, \(clips) and \(other.clips) clips do not tell: "
      + "the difference is \(range(interval))."
  }

  /// Whether what none of the clips shows is negligible among all that there could be: the end of
  /// the 95 % interval around 0, from 189 clips on.
  private var isEnoughForNone: Bool {
    100 * Proportion(0, of: clips).interval().upperBound < Self.negligible
  }

  private func isNegligible(_ line: Line) -> Bool {
    line.differenceInterval.map { $0[0] > -Self.negligible } ?? false
  }

  private func largestLoss(of lines: [Line]) -> Double {
    max(0, -(lines.compactMap { $0.differenceInterval?[0] }.min() ?? 0))
  }

  private func points(_ line: Line) -> String {
    let interval = line.differenceInterval ?? [0, 0]
    return "\(shown(-(line.difference ?? 0))) points (95 % interval \(shown(-interval[1])) to "
      + "\(shown(-interval[0])))"
  }

  private func range(_ interval: [Double]) -> String {
    "between \(shown(interval[0])) and \(shown(interval[1])) points"
  }

  private func shown(_ value: Double) -> String {
    let text = String(format: "%.1f", value)
    return (Double(text) == 0 ? "0.0" : text).replacing("-", with: "−")
  }
}
