import Symmetry

/// What averaging over each group gains, as bars: without labels, and with them; lines across their
/// ends are the standard errors.
package struct SymmetryFigure {
  private let report: SymmetryReport

  package init(_ report: SymmetryReport) { self.report = report }

  private static let width = 420.0
  private static let row = 34.0
  private static let bar = 12.0
  private static let gainColor = LineColors.light.distinct[0]
  private static let realisedColor = LineColors.light.distinct[1]

  private static let errorStyle = LineStyle(color: "#111", width: 1)

  /// A value less and more its error.
  private static func ends(_ value: Double, _ error: Double?) -> [Double] {
    [value - (error ?? 0), value + (error ?? 0)]
  }

  package var svg: String {
    var svg = SVG()
    let names = report.groups.map { "\($0.name), \($0.passes) passes" }
    let left = 24 + (names.map { SVG.width(of: $0, size: 11) }.max() ?? 0)
    let hasLabels = report.groups.contains { $0.labelled != nil }
    let ends = report.groups.flatMap { group in
      Self.ends(group.gain, group.gainError)
        + (group.labelled.map { Self.ends($0.realisedGain, $0.realisedError) } ?? [])
    }
    let axis = Axis(ends + [0], length: Self.width)
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
      func bar(_ value: Double, _ error: Double?, _ y: Double, _ color: String) {
        let (low, high) = (min(x(0), x(value)), max(x(0), x(value)))
        svg.rectangle(low, y, max(high - low, 0.5), Self.bar - 1, fill: color)
        guard error != nil else { return }
        let (ends, middle) = (Self.ends(value, error).map(x), y + (Self.bar - 1) / 2)
        svg.path(
          [(ends[0], middle), (ends[1], middle)], style: Self.errorStyle,
          kind: "\(group.name) ± \(SVG.number(error ?? 0))")
        for end in ends {
          svg.line(end, middle - 3, end, middle + 3, style: Self.errorStyle)
        }
      }
      bar(group.gain, group.gainError, y, Self.gainColor)
      if let labelled = group.labelled {
        bar(labelled.realisedGain, labelled.realisedError, y + Self.bar, Self.realisedColor)
      }
    }
    svg.line(x(0), top, x(0), bottom)
    var place = left
    for (text, color) in [("gain without labels", Self.gainColor)]
      + (hasLabels ? [("realised, by the labels", Self.realisedColor)] : [])
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
