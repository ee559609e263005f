import Foundation

/// Which value of attention has which colour, from the darkest, 0, to the brightest, 1.
package struct AttentionScale: Hashable, Sendable {
  package enum Extent: String, CaseIterable, Sendable {
    /// All maps of a picture: colours can be compared.
    case shared
    /// Each map alone, from 0 to its own largest value.
    case cell
  }

  /// The value of the darkest colour; a logarithmic scale shows what is below in that colour, too.
  package let low: Double
  package let high: Double
  /// Whether equal steps of colour are equal ratios.
  package let isLogarithmic: Bool

  /// How far a logarithmic scale goes below its highest value, and on to a power of ten.
  private static let (farthest, nearest) = (1e-4, 1e-1)

  /// A scale for values of at least 0.
  ///
  /// - Parameter uniform: what each patch would get from a head that looks everywhere alike. The
  ///   scale then goes to four times that value at least, so that such a head is dim.
  init(_ values: some Sequence<Float>, uniform: Double? = nil, isLogarithmic: Bool) {
    var (least, most) = (Double.infinity, 0.0)
    for value in values where value > 0 {
      (least, most) = (min(least, Double(value)), max(most, Double(value)))
    }
    high = max(most, uniform.map { min(1, 4 * $0) } ?? 0)
    self.isLogarithmic = isLogarithmic
    guard isLogarithmic, high > 0 else {
      low = 0
      return
    }
    let end = min(max(least, high * Self.farthest), high * Self.nearest)
    low = pow(10, floor(log10(end) + 1e-9))
  }

  /// Where a value lies, 0 … 1.
  func place(_ value: Double) -> Double {
    guard high > 0, value > low else { return 0 }
    return min(1, isLogarithmic ? log(value / low) / log(high / low) : value / high)
  }

  /// The values that a bar of colours has numbers at, from the lowest to the highest.
  var marks: [Double] {
    guard isLogarithmic, low > 0 else { return [0, 0.25, 0.5, 0.75, 1].map { $0 * high } }
    let decades = (0...9).map { low * pow(10, Double($0)) }
    // The last one leaves room for the highest value.
    return decades.filter { place($0) < 0.76 && $0 < high } + [high]
  }
}
