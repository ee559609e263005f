import Symmetry

/// What averaging over each group gains, as bars: without labels, and with them.
package struct SymmetryFigure {
  private let report: SymmetryReport

  package init(_ report: SymmetryReport) { self.report = report }

  private static let width = 420.0
  private static let row = 34.0
  private static let bar = 12.0
  private static let gainColor = LineColors.light.distinct[0]
  private static let realisedColor = LineColors.light.distinct[1]

  package var svg: String {
    var svg = SVG()
    let names = report.groups.map { "\($0.name), \($0.passes) passes" }
    let left = 24 + (names.map { SVG.width(of: $0, size: 11) }.max() ?? 0)
    let realised = report.groups.compactMap { $0.labelled?.realisedGain }
    let axis = Axis(report.groups.map(\.gain) + realised + [0], length: Self.width)
    let top = 40.0
    let bottom = top + Self.row * Double(report.groups.count)
    func x(_ value: Double) -> Double { left + axis.place(value) * Self.width }
    for (tick, label) in zip(axis.ticks, axis.labels) {
      svg.line(x(tick), top, x(tick), bottom, style: LineStyle(color: "#e4e4e4", width: 0.8))
      svg.text(label, x(tick), bottom + 15, size: Axis.size, anchor: .middle)
    }
    for (index, group) in report.groups.enumerated() {
      let y = top + Self.row * Double(index) + (Self.row - 2 * Self.bar) / 2
      svg.text(names[index], left - 8, y + Self.bar + 4, size: 11, anchor: .end)
      func bar(_ value: Double, _ y: Double, _ color: String) {
        let (low, high) = (min(x(0), x(value)), max(x(0), x(value)))
        svg.rectangle(low, y, max(high - low, 0.5), Self.bar - 1, fill: color)
      }
      bar(group.gain, y, Self.gainColor)
      if let labelled = group.labelled {
        bar(labelled.realisedGain, y + Self.bar, Self.realisedColor)
      }
    }
    svg.line(x(0), top, x(0), bottom)
    var place = left
    for (text, color) in [("gain without labels", Self.gainColor)]
      + (realised.isEmpty ? [] : [("realised, by the labels", Self.realisedColor)])
    {
      svg.rectangle(place, 12, 10, 10, fill: color)
      svg.text(text, place + 15, 21)
      place += 35 + SVG.width(of: text, size: 11)
    }
    svg.text(
      "squared error that averaging takes off", left + Self.width / 2, bottom + 34, anchor: .middle)
    (svg.width, svg.height) = (left + Self.width + 24, bottom + 46)
    return svg.text(title: "What averaging over a group gains")
  }
}
