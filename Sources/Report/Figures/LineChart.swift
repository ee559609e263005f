struct LineStyle: Hashable {
  var color = "#333"
  var dash: String?
  var width = 1.5
}

/// Lines over one pair of axes.
struct LineChart {
  /// Points in the order of x; where a value is missing or cannot be drawn, the line is broken.
  struct Line {
    let name: String
    let style: LineStyle
    let points: [(x: Double, y: Double?)]
    /// An area around the line, such as a deviation on either side.
    var band: [(x: Double, low: Double, high: Double)] = []

    var parts: [[(x: Double, y: Double)]] {
      var parts: [[(x: Double, y: Double)]] = [[]]
      for point in points {
        if let y = point.y, abs(y) < 1e30 {
          parts[parts.count - 1].append((point.x, y))
        } else {
          parts.append([])
        }
      }
      return parts.filter { !$0.isEmpty }
    }
  }

  var title: String?
  let xLabel, yLabel: String
  let lines: [Line]
  /// A value to compare with, drawn across.
  var yardstick: Double?

  /// The line of a yardstick: grey dots.
  static let yardstickStyle = LineStyle(color: "#666", dash: "2 3", width: 1.2)
  /// Room above and below the axes for what is written there.
  static let (top, bottom) = (24.0, 40.0)

  var xs: [Double] { lines.flatMap { $0.parts.flatMap { $0.map(\.x) } } }
  var ys: [Double] {
    lines.flatMap { $0.parts.flatMap { $0.map(\.y) } + $0.band.flatMap { [$0.low, $0.high] } }
      + (yardstick.map { [$0] } ?? [])
  }

  /// Draws the chart, its axes from (x0, y0) on, and `left` pixels beside them for labels.
  func draw(
    in svg: inout SVG, x0: Double, y0: Double, left: Double, width: Double, height: Double,
    x: Axis, y: Axis
  ) {
    func px(_ value: Double) -> Double { x0 + x.place(value) * width }
    func py(_ value: Double) -> Double { y0 + (1 - y.place(value)) * height }
    for (tick, label) in zip(y.ticks, y.labels) {
      svg.line(x0, py(tick), x0 + width, py(tick), style: LineStyle(color: "#e4e4e4", width: 0.8))
      svg.line(x0 - 4, py(tick), x0, py(tick))
      svg.text(label, x0 - 7, py(tick) + 3.5, size: Axis.size, anchor: .end)
    }
    for (tick, label) in zip(x.ticks, x.labels) {
      svg.line(px(tick), y0 + height, px(tick), y0 + height + 4)
      svg.text(label, px(tick), y0 + height + 15, size: Axis.size, anchor: .middle)
    }
    if let yardstick {
      svg.line(x0, py(yardstick), x0 + width, py(yardstick), style: Self.yardstickStyle)
    }
    for line in lines where line.band.count > 1 {
      let edge = line.band.map { (px($0.x), py($0.high)) }
      svg.area(edge + line.band.reversed().map { (px($0.x), py($0.low)) }, color: line.style.color)
    }
    for line in lines {
      for part in line.parts {
        let places = part.map { (px($0.x), py($0.y)) }
        svg.path(places, style: line.style, kind: line.name)
        guard places.count == 1 else { continue }  // a path of one point is not seen
        svg.add(
          "circle",
          [
            "cx": places[0].0, "cy": places[0].1, "r": 2.5,
            "fill": line.style.dash == nil ? line.style.color : "#fff",
            "stroke": line.style.color,
          ])
      }
    }
    svg.path([(x0, y0), (x0, y0 + height), (x0 + width, y0 + height)])
    svg.text(xLabel, x0 + width / 2, y0 + height + 32, anchor: .middle)
    svg.text(yLabel, x0 - left + 16, y0 + height / 2, anchor: .middle, isUpright: true)
    if let title { svg.text(title, x0 + width / 2, y0 - 8, anchor: .middle, isBold: true) }
  }
}
