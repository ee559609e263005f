import Foundation

/// An axis from `low` to `high` with round numbers on it.
struct Axis: Hashable {
  let low, high: Double
  let ticks: [Double]
  let labels: [String]

  static let size = 10.0
  static let everything = -Double.infinity...Double.infinity

  /// An axis that holds the values, with about `count` ticks, from a tick to a tick; where only
  /// whole numbers are marked, as of epochs, it ends with the values. It does not go beyond what
  /// such values can be, `natural`, unless they do.
  init(
    _ values: [Double], count: Int = 5, isWhole: Bool = false,
    within natural: ClosedRange<Double> = Axis.everything
  ) {
    var (low, high) = (values.min() ?? 0, values.max() ?? 1)
    let (least, most) = (
      low >= natural.lowerBound ? natural.lowerBound : -.infinity,
      high <= natural.upperBound ? natural.upperBound : .infinity
    )
    if !(high - low > max(1e-12 * max(abs(low), abs(high)), 1e-30)) {
      // One value; a whole one may be so large that its neighbours are the same number.
      let middle = low
      let margin =
        isWhole
        ? max(1, (abs(middle) * 1e-9).rounded())
        : abs(middle) > 1e-30 ? abs(middle) * 0.1 : 1
      (low, high) = (max(middle - margin, least), min(middle + margin, most))
    }
    let step = max(Self.step((high - low) / Double(count)), isWhole ? 1 : 0)
    if !isWhole {
      low = max((low / step + 1e-9).rounded(.down) * step, least)
      high = min((high / step - 1e-9).rounded(.up) * step, most)
    }
    let first = Int((low / step - 1e-9).rounded(.up))
    let last = Int((high / step + 1e-9).rounded(.down))
    let marked = first < last ? (first...last).map { Double($0) * step } : [low, high]
    (self.low, self.high, ticks) = (low, high, marked)
    labels = Self.labels(marked, step: step)
  }

  /// The axis with the most ticks, about five at most, whose labels do not meet on `length` pixels.
  init(
    _ values: [Double], length: Double, isWhole: Bool = false,
    within natural: ClosedRange<Double> = Axis.everything
  ) {
    let axes = (1...5).reversed().lazy.map {
      Axis(values, count: $0, isWhole: isWhole, within: natural)
    }
    self =
      axes.first { $0.fits(length) } ?? Axis(values, count: 1, isWhole: isWhole, within: natural)
  }

  /// Whether labels beside each other on `length` pixels leave room between them.
  private func fits(_ length: Double) -> Bool {
    zip(ticks, ticks.dropFirst()).allSatisfy { (place($1) - place($0)) * length >= widest + 6 }
  }

  var widest: Double { labels.map { SVG.width(of: $0, size: Self.size) }.max() ?? 0 }

  /// The next of 1, 2 and 5 times a power of ten.
  private static func step(_ least: Double) -> Double {
    let power = pow(10, floor(log10(least)))
    return [1, 2, 5].map { $0 * power }.first { $0 >= least * 0.999 } ?? 10 * power
  }

  /// Numbers a step apart, with as many digits as tell; in powers of ten if that is shorter.
  private static func labels(_ ticks: [Double], step: Double) -> [String] {
    let finest = Int(floor(log10(step) + 1e-9))
    func written(_ format: (Double) -> String) -> [String] {
      ticks.map { $0 == 0 ? 0 : $0 }.map { format($0).replacing("-", with: "−") }
    }
    let plain = written { String(format: "%.\(max(0, -finest))f", $0) }
    guard plain.contains(where: { $0.count > 6 }) else { return plain }
    let powers = written { tick in
      guard tick != 0 else { return "0" }
      let digits = max(0, Int(floor(log10(abs(tick)) + 1e-9)) - finest)
      let parts = String(format: "%.\(digits)e", tick).split(separator: "e")
      return "\(parts[0])e\(Int(parts[1]) ?? 0)"
    }
    func longest(_ labels: [String]) -> Int { labels.map(\.count).max() ?? 0 }
    return longest(powers) < longest(plain) ? powers : plain
  }

  /// Where a value lies on the axis, 0 … 1.
  func place(_ value: Double) -> Double { (value - low) / (high - low) }
}
