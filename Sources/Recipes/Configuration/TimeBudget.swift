/// How long a start of a run may take: `3600` (seconds), `90m`, `2h`, `1d`, `1h30m`.
package struct TimeBudget: WordSetting {
  /// The time in seconds.
  package let seconds: Int

  /// A time of so many seconds.
  package init(seconds: Int) { self.seconds = seconds }

  private static let units: KeyValuePairs = ["d": 86_400, "h": 3600, "m": 60, "s": 1]

  /// The most that a budget may be: ten years.
  private static let most = 3_650 * 86_400

  /// A time that was written as text: whole numbers with d, h, m or s behind them, the largest unit
  /// first, or one number of seconds; nil if it is none.
  package init?(_ text: String) {
    if let seconds = Int(text), text.first?.isNumber == true {
      guard seconds <= Self.most else { return nil }
      self.seconds = seconds
      return
    }
    var (rest, sum) = (text[...], 0)
    for (unit, length) in Self.units {
      guard let end = rest.firstIndex(of: Character(unit)) else { continue }
      let digits = rest[..<end]
      guard digits.first?.isNumber == true, let count = Int(digits), count <= Self.most else {
        return nil
      }
      sum += count * length
      rest = rest[rest.index(after: end)...]
    }
    guard rest.isEmpty, !text.isEmpty, sum <= Self.most else { return nil }
    seconds = sum
  }

  /// `1h30m`: the fewest units that mean it.
  package var description: String {
    var (rest, text) = (seconds, "")
    for (unit, length) in Self.units where rest >= length {
      text += "\(rest / length)\(unit)"
      rest %= length
    }
    return text.isEmpty ? "0s" : text
  }

  package static let fault = "is no time such as 3600 (seconds), 90m, 2h or 1h30m"
}

extension TimeBudget: ExpressibleByIntegerLiteral {
  /// A time of so many seconds.
  package init(integerLiteral seconds: Int) { self.init(seconds: seconds) }
}
