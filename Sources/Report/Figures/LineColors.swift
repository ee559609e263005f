/// Colours of lines, each with a contrast of at least 3 : 1 to what the lines are drawn on.
///
/// People with the common kinds of colour blindness tell the distinct ones apart, and neighbours
/// among up to 12 ordered ones.
struct LineColors: Encodable {
  /// For a few things that have no order. Okabe and Ito (2008) have some of them.
  let distinct: [String]
  /// A path from dark to bright for things that have one, such as layers.
  let ordered: [String]

  /// On white, and on the page's panels.
  static let light = LineColors(
    distinct: [
      "#0072b2", "#d55e00", "#009e73", "#a12a6f", "#9a4dff", "#01255c", "#33521a", "#570006",
    ],
    ordered: [
      "#00204d", "#062965", "#10337e", "#193d98", "#2247b2", "#4e4dca", "#9742c2", "#aa42ad",
      "#bd3f98", "#ca3f7f", "#cd4863", "#d04e40", "#9c8400",
    ])
  /// On the panels of a page that is dark.
  static let dark = LineColors(
    distinct: [
      "#56b4e9", "#e69f00", "#009e73", "#ff60a7", "#9b68ff", "#e8e8e8", "#f0e442", "#ff2516",
    ],
    ordered: [
      "#5a6cf0", "#bc61ca", "#cf6ca8", "#df7584", "#f07b58", "#f69f46", "#f9c045", "#fcdf7d",
      "#fdffb0",
    ])

  /// A colour for each of `count` things in an order.
  func ordered(_ index: Int, of count: Int) -> String {
    let place = Double(index) / Double(max(count - 1, 1)) * Double(ordered.count - 1)
    let low = min(Int(place), ordered.count - 2)
    let share = place - Double(low)
    let (a, b) = (Self.channels(ordered[low]), Self.channels(ordered[low + 1]))
    let mixed = zip(a, b).map { UInt8(($0 + ($1 - $0) * share).rounded()) }
    return Palette.hex((mixed[0], mixed[1], mixed[2]))
  }

  /// A colour for each of `count` things: distinct ones while they last.
  func color(_ index: Int, of count: Int) -> String {
    count <= distinct.count ? distinct[index] : ordered(index, of: count)
  }

  /// Red, green and blue of "#rrggbb".
  private static func channels(_ hex: String) -> [Double] {
    let number = Int(hex.dropFirst(), radix: 16) ?? 0
    return [number >> 16, number >> 8 & 255, number & 255].map(Double.init)
  }
}
