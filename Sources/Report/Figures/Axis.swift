import Foundation

/// An axis from `low` to `high` with round numbers on it.
struct Axis: Hashable {
  /// The ends.
  let low: Double
  let high: Double
  /// The numbers that are marked.
  let ticks: [Double]
  private let decimals: Int

  /// An axis that holds the values, with about `count` ticks, from a tick to a tick.
  ///
  /// - Parameter isWhole: whether only whole numbers are marked, as of epochs; the axis then ends
  ///   with the values.
  init(_ values: [Double], count: Int = 5, isWhole: Bool = false) {
    var (low, high) = (values.min() ?? 0, values.max() ?? 1)
    if !(high - low > max(1e-12 * max(abs(low), abs(high)), 1e-30)) {
      let margin = isWhole ? 1 : max(abs(low) * 0.1, 1e-3)
      (low, high) = (low - margin, high + margin)
    }
    let step = max(Self.step((high - low) / Double(count)), isWhole ? 1 : 0)
    if isWhole {
      (self.low, self.high) = (low, high)
    } else {
      self.low = (low / step + 1e-9).rounded(.down) * step
      self.high = (high / step - 1e-9).rounded(.up) * step
    }
    let first = Int((self.low / step - 1e-9).rounded(.up))
    let last = Int((self.high / step + 1e-9).rounded(.down))
    ticks = first <= last ? (first...last).map { Double($0) * step } : []
    decimals = min(max(0, Int((-log10(step) - 1e-9).rounded(.up))), 12)
  }

  /// The next of 1, 2 and 5 times a power of ten.
  private static func step(_ least: Double) -> Double {
    let power = pow(10, floor(log10(least)))
    return [1, 2, 5].map { $0 * power }.first { $0 >= least * 0.999 } ?? 10 * power
  }

  /// The number as it stands at a tick.
  func label(_ tick: Double) -> String {
    String(format: "%.\(decimals)f", tick == 0 ? 0 : tick).replacing("-", with: "−")
  }

  /// Where a value lies on the axis, 0 … 1.
  func place(_ value: Double) -> Double { (value - low) / (high - low) }
}
