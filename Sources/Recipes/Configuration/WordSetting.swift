import Images

/// A setting that is one word in flags and configs.
package protocol WordSetting: Hashable, Sendable, Codable, CustomStringConvertible {
  init?(_ text: String)
  /// What is said of such a word: "is not a size such as 224 or 160x288".
  static var fault: String { get }
}

extension WordSetting {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    // In JSON, as of flags, a square size is a number; in YAML whatever there is, is a text too.
    let text: String
    do {
      text = try container.decode(String.self)
    } catch {
      guard let number = try? container.decode(Int.self) else { throw error }
      text = "\(number)"
    }
    guard let value = Self(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "'\(text)' \(Self.fault)")
    }
    self = value
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// The size of images as flags and configs have it: `224` or `160x288` (height × width).
package struct InputSize: WordSetting {
  package let size: ImageSize

  package init?(_ text: String) {
    let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(sides.count), let height = sides[0], let width = sides[sides.count - 1],
      height > 0, width > 0
    else { return nil }
    size = ImageSize(height: height, width: width)
  }

  package var description: String {
    size.height == size.width ? "\(size.height)" : "\(size.height)x\(size.width)"
  }

  package static let fault = "is not a size such as 224 or 160x288"

  /// Writes a number for a square, else text such as `160x288`.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if size.height == size.width {
      try container.encode(size.height)
    } else {
      try container.encode(description)
    }
  }
}

/// How long a start of a run may take: `3600` (seconds), `90m`, `2h`, `1d`, `1h30m`.
package struct TimeBudget: WordSetting {
  package let seconds: Int

  package init(seconds: Int) { self.seconds = seconds }

  private static let units: KeyValuePairs = ["d": 86_400, "h": 3600, "m": 60, "s": 1]

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
  package init(integerLiteral seconds: Int) { self.init(seconds: seconds) }
}

/// What becomes of a run when a step's loss or gradients are not finite.
package enum NonFinitePolicy: WordSetting {
  case stop
  /// The step is left out, up to so many times in the whole run.
  case skip(Int)

  package init?(_ text: String) {
    if text == "stop" {
      self = .stop
    } else if text.hasPrefix("skip="), let count = Int(text.dropFirst(5)), count > 0 {
      self = .skip(count)
    } else {
      return nil
    }
  }

  var limit: Int {
    switch self {
    case .stop: 0
    case .skip(let count): count
    }
  }

  package var description: String { limit == 0 ? "stop" : "skip=\(limit)" }

  package static let fault = "is not stop or skip=K with K at least 1"
}
